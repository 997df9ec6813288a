import Foundation
import Logging
import Pipeline
import Plugins
import Recognizer

/// Everything that a configuration names, made and so proven usable: model, texts, sources, sinks. Nothing is started, and
/// inference has no memory yet, so that a reload can try the new before it ends the old.
struct AssemblyParts {
    let configuration: Configuration
    let model: Model
    /// In the order of `sources`.
    let plans: [CameraPlan]
    let sources: [SupervisedSource]
    let runners: [SinkRunner]
    /// Puts what sinks say into the daemon's log.
    let report: @Sendable (SinkReport) -> Void

    /// Opens the model and computes the features of texts that are not in the cache.
    ///
    /// - Throws: `SettingsError`, `RecognizerError`, `PipelineError`.
    init(_ configuration: Configuration, log: Logger) throws {
        let settings = configuration.cameras.filter(\.enabled)
        let pool = WorkerPool(workers: configuration.workers)
        let choice = BackendChoice(
            precision: configuration.precision, pool: pool,
            packedWeights: PackedWeightsCache(directory: configuration.cacheDirectory) { log.info("\($0)") })
        let model: Model
        do {
            model = try Model(path: configuration.modelDirectory(), on: choice)
        } catch RecognizerError.precision(_, let reason) {
            throw configuration.error(at: "precision", reason)
        }
        self.configuration = configuration
        self.model = model
        plans = try Self.plans(settings, configuration, model)
        sources = try settings.map { try Self.source($0, cameras: settings.count) }
        report = Self.reporter(log)
        let context = SinkContext(
            instance: configuration.instance, version: ClaverdVersion.current,
            cameras: plans.map { plan in
                SinkContext.Camera(name: plan.name, labels: plan.labels.filter { !$0.ignored }.map(\.name))
            }
                + configuration.cameras.filter { !$0.enabled }.map {
                    SinkContext.Camera(name: $0.name, labels: [], isEnabled: false)
                }, report: report)
        runners = try Self.runners(configuration, context)
    }

    private static func plans(
        _ cameras: [CameraSettings], _ configuration: Configuration, _ model: Model
    ) throws -> [CameraPlan] {
        let cache = TextFeatureCache(directory: configuration.cacheDirectory)
        return try cameras.map { camera in
            let labels = try configuration.labels(
                of: camera, modelLabels: model.config.labels, modelIgnored: model.config.ignore)
            let rules = camera.events.rules
            let tracked =
                labels.actions.map {
                    ActionTracker.Label(name: $0.label, rules: rules.overridden(by: $0.overrides.rules), ignored: false)
                } + labels.ignored.map { ActionTracker.Label(name: $0, rules: rules, ignored: true) }
            let texts =
                labels.actions.map { ActionText(label: $0.label, text: $0.text) }
                + labels.ignored.map { ActionText(label: $0) }
            return CameraPlan(
                name: camera.name, view: camera.view, period: camera.sampling.every, hop: camera.sampling.hop,
                labels: tracked,
                vocabulary: try model.vocabulary(
                    model.withOwnPrompts(texts), templates: configuration.templates, cache: cache),
                motionThreshold: camera.gate.motionThreshold)
        }
    }

    private static func source(_ camera: CameraSettings, cameras: Int) throws -> SupervisedSource {
        var options = SourceOptions()
        options.decoderThreads = DecoderThreads.count(cameras: cameras, cores: Processors.count)
        options.decoder = camera.decoder
        options.decode = camera.decode
        options.samplingPeriod = camera.sampling.every
        return try FrameSources.make(location: camera.source, name: camera.name, options: options)
    }

    /// Named by kind, and by place in the list where there are several of a kind.
    private static func runners(_ configuration: Configuration, _ context: SinkContext) throws -> [SinkRunner] {
        let sinks = try configuration.makeSinks(context)
        return zip(sinks, configuration.sinks).map { sink, settings in
            let isOnly = configuration.sinks.count { $0.kind == settings.kind } == 1
            return SinkRunner(name: isOnly ? settings.kind : settings.path, sink: sink, report: context.report)
        }
    }

    /// What sinks report, in the daemon's log.
    private static func reporter(_ log: Logger) -> @Sendable (SinkReport) -> Void {
        { report in
            let level: Logger.Level =
                switch report.level {
                case .info: .info
                case .warning: .warning
                case .error: .error
                }
            log.log(level: level, "\(report.sink): \(report.text)")
        }
    }
}

extension Model {
    /// The texts with the model's own prompts beside them, if it has prompts for every one.
    func withOwnPrompts(_ texts: [ActionText]) -> [ActionText] {
        let own = texts.compactMap { text in config.labels.firstIndex(of: text.text).flatMap { prompts(ofClass: $0) } }
        guard own.count == texts.count, Set(own.map(\.count)).count == 1 else { return texts }
        return zip(texts, own).map { ActionText(label: $0.label, text: $0.text, interpretations: $1) }
    }

    private func prompts(ofClass index: Int) -> [String]? {
        directory.prompts.indices.contains(index) ? directory.prompts[index] : nil
    }
}
