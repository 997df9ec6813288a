package import Pipeline

/// The topics of one daemon; see `docs/plugins.md` for what each carries.
package struct TopicNames: Sendable, Equatable {
    /// Without trailing slash.
    package let base: String

    package init(base: String) {
        self.base = base
    }

    package var status: String { "\(base)/status" }
    package var events: String { "\(base)/events" }
    package func status(camera: String) -> String { "\(base)/\(camera)/status" }
    package func top(camera: String) -> String { "\(base)/\(camera)/top" }
    package func state(camera: String, label: String) -> String {
        "\(base)/\(camera)/action/\(Self.slug(label))/state"
    }

    /// The topic level of a label: lower-case ASCII letters, digits and hyphens.
    package static func slug(_ label: String) -> String { Slug.make(from: label) }

    /// Why `level` cannot be one level of a topic that is published to; nil if it can.
    package static func fault(inLevel level: String) -> String? {
        if level.isEmpty { return "it is empty" }
        if level.contains(where: { "/+#".contains($0) }) { return "it contains /, + or #" }
        if level.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
            return "it contains a control character"
        }
        return level.utf8.count > 1000 ? "it is longer than 1000 bytes" : nil
    }

    /// Why `base` cannot stand in front of all topics; nil if it can.
    package static func fault(inBase base: String) -> String? {
        if base.hasPrefix("$") { return "topics that begin with $ belong to the broker" }
        for level in base.split(separator: "/", omittingEmptySubsequences: false) {
            if let fault = fault(inLevel: String(level)) { return "level \"\(level.escapedForLog)\": \(fault)" }
        }
        return nil
    }

    /// Why these cameras and labels cannot have topics of their own; nil if they can.
    package static func fault(in cameras: [SinkContext.Camera]) -> String? {
        for camera in cameras {
            let name = camera.name.escapedForLog
            if let fault = fault(inLevel: camera.name) { return "camera \"\(name)\" cannot be a topic level: \(fault)" }
            var owners: [String: String] = [:]
            for label in camera.labels {
                let slug = slug(label)
                if slug.isEmpty {
                    return
                        "camera \"\(name)\": action \"\(label.escapedForLog)\" has no letter or digit to name a topic by"
                }
                if let other = owners.updateValue(label, forKey: slug), other != label {
                    return """
                        camera "\(name)": actions "\(other.escapedForLog)" and "\(label.escapedForLog)" would share the \
                        topic level "\(slug)"; rename one
                        """
                }
            }
        }
        var seen: Set<String> = []
        if let twice = cameras.first(where: { !seen.insert($0.name).inserted }) {
            return "two cameras are called \"\(twice.name.escapedForLog)\""
        }
        return nil
    }
}

extension Substring {
    fileprivate var escapedForLog: String { String(self).escapedForLog }
}
