import Foundation
import Logging
import Pipeline
import Recognizer

/// The parts of a configuration joined and ready to run: cameras, pipeline, event router, sinks.
struct Assembly {
    let pipeline: VideoPipeline
    let router: EventRouter
    let runners: [SinkRunner]
    let sources: [SupervisedSource]
    /// Camera names, in the order of the pipeline's indices.
    let cameras: [String]
    let modelIdentity: String
    /// For people: what the model computes on.
    let backend: String

    /// What the pipeline tells besides the reports, which go to the router.
    enum Notice: Sendable {
        case state(camera: Int, CameraState, reason: String?)
        case ended(camera: Int, PipelineError?)
        case trouble(camera: Int, FeedTrouble)
        /// The model gives nothing usable any more.
        case broken(reason: String)
    }

    /// Takes the memory that inference needs and joins the parts; starts nothing.
    ///
    /// - Parameter notice: called from the cameras' threads and the inference thread.
    /// - Throws: `RecognizerError`.
    init(_ parts: AssemblyParts, log: Logger, notice: @escaping @Sendable (Notice) -> Void) throws {
        let (configuration, model, plans) = (parts.configuration, parts.model, parts.plans)
        runners = parts.runners
        sources = parts.sources
        do {
            try FileManager.default.createDirectory(
                atPath: configuration.stateDirectory, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        } catch {
            log.warning("\(configuration.stateDirectory): \(error.systemReason)")
        }
        let router = EventRouter(
            identity: .init(instance: configuration.instance, model: model.identity),
            cameras: Dictionary(uniqueKeysWithValues: plans.map { ($0.name, $0.labels) }), sinks: runners,
            sequence: SequenceStore(directory: URL(filePath: configuration.stateDirectory)) {
                log.warning("\($0)")
            }, report: parts.report)
        let capacity = VideoPipeline.capacity(cameras: plans.count, geometry: model.geometry)
        let names = plans.map(\.name)
        pipeline = VideoPipeline(
            plans: plans, sources: sources, session: try model.makeSession(capacity: capacity), mean: model.config.mean,
            deviation: model.config.deviation
        ) { camera, output in
            switch output {
            case .report(let report):
                router.post(report, from: names[camera])
                if case .state(let state, let reason, _) = report {
                    notice(.state(camera: camera, state, reason: reason))
                }
            case .ended(let error): notice(.ended(camera: camera, error))
            case .trouble(let trouble): notice(.trouble(camera: camera, trouble))
            case .broken(let reason): notice(.broken(reason: reason))
            }
        }
        self.router = router
        cameras = names
        modelIdentity = model.identity
        backend = model.backend.description
    }
}
