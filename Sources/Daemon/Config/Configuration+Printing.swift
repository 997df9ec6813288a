import Pipeline
import Recognizer

extension Configuration {
    /// The whole effective configuration, defaults included, as a tree that reads back as the same configuration.
    ///
    /// Secrets stand as their references. A password or token written in clear text is shown as `***` and is the one thing
    /// that does not read back.
    var effective: SettingsNode {
        var entries: [(String, SettingsNode?)] = [
            ("model", .text(model)),
            ("instance", .text(instance)),
            ("actions", actions.map { .list($0.map(\.effective)) }),
            ("ignore", ignore.map { .list($0.map(SettingsNode.text)) }),
            ("templates", templates.map { .list($0.map(SettingsNode.text)) }),
            ("sampling", sampling.effective),
            ("gate", gate.effective),
            ("events", events.effective),
            ("cameras", .list(cameras.map(\.effective))),
        ]
        entries += [
            ("sinks", .list(sinks.map { .map([($0.kind, $0.block)]) })),
            ("workers", .plain("\(workers)")),
            ("precision", .text(precision.rawValue)),
            ("state", .text(stateDirectory)),
            ("cache", .text(cacheDirectory)),
            ("allow", .map([("files", .list(allowedFiles.map(SettingsNode.text)))])),
            ("log", .map([("level", .text(logLevel.rawValue))])),
        ]
        return SettingsNode.map(entries).showing(referencesOf: written).masked
    }
}

extension SettingsNode {
    private static let nowhere = SettingsMark(line: 1, column: 1)

    static func text(_ value: String) -> SettingsNode { .scalar(value, quoted: true, at: nowhere) }

    /// A number, a truth value or a duration.
    static func plain(_ value: String) -> SettingsNode { .scalar(value, quoted: false, at: nowhere) }

    static func list(_ items: [SettingsNode]) -> SettingsNode { .sequence(items, at: nowhere) }

    /// A mapping without the keys that have no value.
    static func map(_ entries: [(String, SettingsNode?)]) -> SettingsNode {
        .mapping(
            entries.compactMap { key, value in value.map { Entry(key: key, keyMark: nowhere, value: $0) } }, at: nowhere
        )
    }

    /// This tree with `written`'s text wherever that has a reference to a secret. Both are the same configuration, so a
    /// list has the same items in both; an action written as plain text stands for its mapping.
    func showing(referencesOf written: SettingsNode) -> SettingsNode {
        switch (self, written) {
        case (_, .scalar(let text, let quoted, _)) where text.contains("${"):
            return .scalar(text, quoted: quoted, at: mark)
        case (.sequence(let items, let mark), .sequence(let others, _)) where items.count == others.count:
            return .sequence(zip(items, others).map { $0.showing(referencesOf: $1) }, at: mark)
        case (.mapping(let entries, let mark), .mapping(let others, _)):
            return .mapping(
                entries.map { entry in
                    guard let other = others.first(where: { $0.key == entry.key }) else { return entry }
                    return Entry(
                        key: entry.key, keyMark: entry.keyMark, value: entry.value.showing(referencesOf: other.value))
                }, at: mark)
        default:
            return self
        }
    }

    private static let secretKeys: Set<String> = ["password", "token", "secret"]

    /// Passwords in URIs and under telling keys as `***`; references stay.
    fileprivate var masked: SettingsNode {
        switch self {
        case .scalar(let text, let quoted, let mark):
            return .scalar(URIText.masked(text), quoted: quoted, at: mark)
        case .sequence(let items, let mark):
            return .sequence(items.map(\.masked), at: mark)
        case .mapping(let entries, let mark):
            return .mapping(
                entries.map { entry in
                    var value = entry.value.masked
                    if Self.secretKeys.contains(entry.key), case .scalar(let text, _, let mark) = value,
                        text.wholeMatch(of: /\$\{[^}]*\}/) == nil
                    {
                        value = .scalar("***", quoted: true, at: mark)
                    }
                    return Entry(key: entry.key, keyMark: entry.keyMark, value: value)
                }, at: mark)
        }
    }
}

extension SamplingSettings {
    fileprivate var effective: SettingsNode {
        .map([("every", .plain(every.settingText)), ("hop", .plain("\(hop)"))])
    }
}

extension GateSettings {
    fileprivate var effective: SettingsNode {
        motionThreshold.map { .map([("motion", .plain("\($0)"))]) } ?? .text("off")
    }
}

extension EventSettings {
    fileprivate var effective: SettingsNode {
        .map([
            ("enter", .plain("\(enter)")), ("exit", .plain("\(exit)")), ("min_windows", .plain("\(minWindows)")),
            ("hold", .plain(hold.settingText)), ("smoothing", .plain(smoothing.settingText)),
            ("update_every", .plain(updateEvery.settingText)),
        ])
    }
}

extension ActionSettings {
    fileprivate var effective: SettingsNode {
        if self == ActionSettings(text: text) { return .text(text) }
        return .map([
            ("text", .text(text)), ("label", .text(label)), ("enter", overrides.enter.map { .plain("\($0)") }),
            ("exit", overrides.exit.map { .plain("\($0)") }),
            ("min_windows", overrides.minWindows.map { .plain("\($0)") }),
            ("hold", overrides.hold.map { .plain($0.settingText) }),
        ])
    }
}

extension CameraSettings {
    fileprivate var effective: SettingsNode {
        .map([
            ("name", .text(name)),
            ("source", .text(shownSource)),
            ("actions", actions.map { .list($0.map(\.effective)) }),
            ("ignore", ignore.map { .list($0.map(SettingsNode.text)) }),
            ("sampling", sampling.effective),
            ("gate", gate.effective),
            ("decode", .text(decode.rawValue)),
            ("decoder", .text(decoder.rawValue)),
            ("events", events.effective),
            (
                "region",
                .map([
                    ("x", .plain("\(region.x)")), ("y", .plain("\(region.y)")), ("width", .plain("\(region.width)")),
                    ("height", .plain("\(region.height)")),
                ])
            ),
            ("rotation", .plain("\(rotation.rawValue)")),
            ("enabled", .plain("\(enabled)")),
        ])
    }
}
