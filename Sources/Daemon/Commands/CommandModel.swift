import Foundation
import Recognizer

extension ModelPath {
    /// The directory of the model that a command's argument names, a name or a path from here.
    static func fromHere(_ model: String) throws -> String {
        do {
            return try ModelPath(
                configurationDirectory: FileManager.default.currentDirectoryPath, environment: .current
            ).find(model)
        } catch {
            throw CommandFailure(.noInput, "\(error)")
        }
    }
}

extension BackendChoice {
    /// What a command computes with; packed weights lie in the user's cache.
    static func forCommand(_ precision: Precision, workers: Int) -> BackendChoice {
        BackendChoice(
            precision: precision, pool: WorkerPool(workers: workers),
            packedWeights: PackedWeightsCache(directory: ConfigurationEnvironment.current.cacheDirectory))
    }
}
