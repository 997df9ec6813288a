import CKernels
import Foundation

/// Cross-entropy with soft targets of clips against prompts, the mean over clips and prompts, and its backward.
///
/// `logits = scale * video . text`; classes of one prompt compete with each other.
struct SoftTargetLoss {
    let clips: Int
    let prompts: Int
    let classes: Int
    /// E
    let width: Int

    struct Outcome {
        var loss: Double
        /// Clips whose likeliest class, by the mean over prompts, is the target's largest.
        var correct: Int
        /// By the logarithm of the scale.
        var dLogScale: Double
    }

    /// Memory that the loss works in, for the largest batch.
    struct Tape {
        /// (B, A, C)
        let logits: UnsafeMutablePointer<Float>
        /// (B, C)
        let scores: UnsafeMutablePointer<Float>

        init(clips: Int, prompts: Int, classes: Int, _ arena: inout ArenaCursor) {
            logits = arena.take(clips * prompts * classes)
            scores = arena.take(clips * classes)
        }
    }

    /// Loss and gradients.
    ///
    /// - Parameters:
    ///   - dVideo: (B, E)
    ///   - dText: (A, C, E); nil where the texts are frozen.
    ///   - video: (B, E)
    ///   - text: (A, C, E)
    ///   - targets: (B, C)
    ///   - scale: what cosines are multiplied by.
    ///   - weight: what the gradients are multiplied by: the batch's share of an update.
    func run(
        dVideo: UnsafeMutablePointer<Float>, dText: UnsafeMutablePointer<Float>?, video: UnsafePointer<Float>,
        text: UnsafePointer<Float>, targets: UnsafePointer<Float>, scale: Float, weight: Float, _ tape: Tape
    ) -> Outcome {
        let texts = prompts * classes
        MatrixProduct.timesTransposed(
            tape.logits, stride: texts, video, stride: width, text, stride: width, rows: clips, columns: texts,
            depth: width, keep: 0)
        var outcome = Outcome(loss: 0, correct: 0, dLogScale: 0)
        tape.scores.update(repeating: 0, count: clips * classes)
        for clip in 0..<clips {
            let (target, scores) = (targets + clip * classes, tape.scores + clip * classes)
            for prompt in 0..<prompts {
                let row = tape.logits + (clip * prompts + prompt) * classes
                accumulate(&outcome, row, target, scores: scores, scale: scale, weight: weight)
            }
            if Self.largest(scores, classes) == Self.largest(target, classes) { outcome.correct += 1 }
        }
        outcome.loss /= Double(clips * prompts)
        MatrixProduct.times(
            dVideo, stride: width, tape.logits, stride: texts, text, stride: width, rows: clips, columns: width,
            depth: texts, keep: 0)
        if let dText {
            MatrixProduct.transposedTimes(
                dText, stride: width, tape.logits, stride: texts, video, stride: width, rows: texts, columns: width,
                depth: clips, keep: 0)
        }
        return outcome
    }

    /// One clip and prompt: turns cosines (C) into their gradients, and adds to the class scores.
    private func accumulate(
        _ outcome: inout Outcome, _ row: UnsafeMutablePointer<Float>, _ target: UnsafePointer<Float>,
        scores: UnsafeMutablePointer<Float>, scale: Float, weight: Float
    ) {
        let largest = row[Self.largest(row, classes)]
        var (sum, crossing, share) = (0.0, 0.0, 0.0)
        for index in 0..<classes {
            crossing += Double(target[index]) * Double(row[index])
            share += Double(target[index])
            sum += Double(ckernels_exp((row[index] - largest) * scale))
        }
        outcome.loss += share * (Double(largest) * Double(scale) + log(sum)) - crossing * Double(scale)
        let factor = Double(weight) / Double(clips * prompts)
        for index in 0..<classes {
            let probability = Double(ckernels_exp((row[index] - largest) * scale)) / sum
            scores[index] += Float(probability)
            let dLogit = (probability * share - Double(target[index])) * factor
            outcome.dLogScale += dLogit * Double(row[index]) * Double(scale)
            row[index] = Float(dLogit * Double(scale))
        }
    }

    private static func largest(_ row: UnsafePointer<Float>, _ count: Int) -> Int {
        var best = 0
        for index in 1..<max(count, 1) where row[index] > row[best] { best = index }
        return best
    }
}
