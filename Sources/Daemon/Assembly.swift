import Foundation
import Logging
import Pipeline
import Recognizer

/// A configuration turned into running parts: model, cameras, pipeline, event router, sinks.
struct Assembly {
    let pipeline: VideoPipeline
    let router: EventRouter
    let runners: [SinkRunner]
    let sources: [SupervisedSource]
    /// Camera names, in the order of the pipeline's indices.
    let cameras: [String]
    let modelIdentity: String

    /// What the pipeline tells besides the reports, which go to the router.
    enum Notice: Sendable {
        case state(camera: Int, CameraState, reason: String?)
        case ended(camera: Int, PipelineError?)
        case trouble(camera: Int, FeedTrouble)
        /// The model gives nothing usable any more.
        case broken(reason: String)
    }

    /// Loads the model and makes everything; starts nothing.
    ///
    /// - Parameter notice: called from the cameras' threads and the inference thread.
    /// - Throws: `SettingsError`, `RecognizerError`, `PipelineError`.
    init(_ configuration: Configuration, log: Logger, notice: @escaping @Sendable (Notice) -> Void) throws {
        let settings = configuration.cameras.filter(\.enabled)
        let pool = WorkerPool(workers: configuration.workers)
        let model = try Model(path: try configuration.modelDirectory(), backend: CPUBackend.openBLAS(pool: pool))
        let plans = try Self.plans(settings, configuration, model)
        let sources = try settings.map { try Self.source($0, cameras: settings.count) }
        let report = Self.reporter(log)
        let context = SinkContext(
            instance: configuration.instance, version: ClaverdVersion.current,
            cameras: plans.map { plan in
                SinkContext.Camera(name: plan.name, labels: plan.labels.filter { !$0.ignored }.map(\.name))
            }, report: report)
        runners = try Self.runners(configuration, context)
        try? FileManager.default.createDirectory(
            atPath: configuration.stateDirectory, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        let router = EventRouter(
            identity: .init(instance: configuration.instance, model: model.identity),
            cameras: Dictionary(uniqueKeysWithValues: plans.map { ($0.name, $0.labels) }), sinks: runners,
            sequence: SequenceStore(directory: URL(filePath: configuration.stateDirectory)) {
                log.warning("\($0)")
            }, report: report)
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
        self.sources = sources
        cameras = names
        modelIdentity = model.identity
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
                    model.withOwnPrompts(texts), templates: configuration.templates, cache: cache))
        }
    }

    private static func source(_ camera: CameraSettings, cameras: Int) throws -> SupervisedSource {
        var options = SourceOptions()
        options.decoderThreads = cameras > 1 ? 1 : 0
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
