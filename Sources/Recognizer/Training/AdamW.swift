import CKernels
import Foundation

/// How parameters are stepped: Adam with decoupled weight decay.
package struct AdamWOptions: Sendable, Equatable {
    package var weightDecay: Double = 0.001
    package var beta1: Double = 0.9
    package var beta2: Double = 0.98
    package var epsilon: Double = 1e-8
    /// Of the rate of parameters whose name says temporal.
    package var temporalFactor: Double = 10
    /// The global norm of the gradients is clipped to this; nil does not clip.
    package var gradientLimit: Double?
    /// What the rate is multiplied by for each block further from the head; 1 is the same for all.
    package var layerDecay: Double = 1

    package init() {}
}

/// AdamW over the arena of trained parameters: temporal or not, decayed or not, and by depth.
final class AdamW {
    /// Floats of one piece of work.
    private static let piece = 1 << 16

    private let options: AdamWOptions
    private let parameters: TrainedParameters
    let mean: PagedFloats
    let square: PagedFloats
    private let pieces: [Piece]

    private struct Piece {
        /// From the start of the trained arena, and of that of all values.
        let offset, valueOffset: Int
        let count: Int
        let decay: Double
        /// Of the schedule's base, and of the scheduled rate.
        let baseFactor, rateFactor: Double
    }

    init(_ parameters: TrainedParameters, _ geometry: ModelGeometry, _ options: AdamWOptions) {
        self.options = options
        self.parameters = parameters
        mean = PagedFloats(count: parameters.trained.count)
        square = PagedFloats(count: parameters.trained.count)
        pieces = parameters.trained.entries.flatMap { entry -> [Piece] in
            guard let value = parameters.layout.entry(entry.name) else { return [] }
            return stride(from: 0, to: entry.paddedCount, by: Self.piece).map { begin in
                Piece(
                    offset: entry.offset + begin, valueOffset: value.offset + begin,
                    count: min(Self.piece, entry.paddedCount - begin),
                    decay: ParameterName.isDecayed(entry.name, shape: entry.shape) ? options.weightDecay : 0,
                    baseFactor: ParameterName.isTemporal(entry.name) ? options.temporalFactor : 1,
                    rateFactor: pow(
                        options.layerDecay, Double(ParameterName.distanceFromHead(entry.name, geometry))))
            }
        }
    }

    /// The global norm of the gradients, not clipped.
    func gradientNorm(_ work: TrainingWorkspace) -> Double {
        let gradients = parameters.gradients
        let count = (gradients.count + Self.piece - 1) / Self.piece
        var sums = [Double](repeating: 0, count: count)
        sums.withUnsafeMutableBufferPointer { sums in
            guard let sums = sums.baseAddress else { return }
            work.pool.forEach(parts: count) { part, _ in
                let begin = part * Self.piece
                sums[part] = work.kernels.sum_of_squares(
                    gradients.pointer + begin, min(Self.piece, gradients.count - begin))
            }
        }
        return sums.reduce(0, +).squareRoot()
    }

    /// Steps all trained parameters.
    ///
    /// - Parameters:
    ///   - update: counted from 1.
    ///   - place: of the update in the schedule, which goes on over updates that were skipped.
    ///   - norm: of the gradients.
    ///   - share: what the gradients that stand there are of those that count.
    func step(
        update: Int, at place: Int, _ schedule: CosineSchedule, norm: Double, share: Double, _ work: TrainingWorkspace
    ) {
        var factor = 1 / share
        if let limit = options.gradientLimit { factor *= min(1, limit / (norm + 1e-6)) }
        let corrections = (
            1 - pow(options.beta1, Double(update)), 1 - pow(options.beta2, Double(update))
        )
        work.pool.forEach(parts: pieces.count) { part, _ in
            let piece = pieces[part]
            let rate = schedule.rate(at: place, factor: piece.baseFactor) * piece.rateFactor
            var settings = ckernels_adamw(
                rate: Float(rate), decay: Float(piece.decay), beta1: Float(options.beta1), beta2: Float(options.beta2),
                epsilon: Float(options.epsilon), gain1: Float(1 - options.beta1), gain2: Float(1 - options.beta2),
                correction1: Float(corrections.0), correction2: Float(corrections.1), gradient_factor: Float(factor))
            work.kernels.adamw(
                parameters.values.pointer + piece.valueOffset, mean.pointer + piece.offset,
                square.pointer + piece.offset, parameters.gradients.pointer + piece.offset, piece.count, &settings)
        }
    }
}
