package import Pipeline

/// The sinks that claverd is built with, by their key in the configuration. A new sink is one line here.
package enum BuiltinPlugins {
    package static let sinks: [any EventSink.Type] = [LogSink.self, FileSink.self, MQTTSink.self]
}
