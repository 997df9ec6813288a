import ArgumentParser
import Recognizer

extension Precision: ExpressibleByArgument {}

extension Precision {
    static let help = ArgumentHelp(
        "Arithmetic of the model: auto, f32, bf16 or int8. Auto is bf16 where processor and model are known to be good for it."
    )
}
