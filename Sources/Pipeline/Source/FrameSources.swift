/// Makes sources from their locations.
package enum FrameSources {
    /// A source, not yet started.
    ///
    /// Throws `PipelineError` when GStreamer or an element that every source of this kind needs is missing. What is wrong with the
    /// file, camera or stream itself is told by the source's events.
    /// - Parameter name: the camera's, for errors.
    package static func make(
        location: SourceLocation, name: String, options: SourceOptions = SourceOptions()
    ) throws(PipelineError) -> SupervisedSource {
        try GStreamerRuntime.require(PipelineBlueprint.elements(for: location), source: name)
        return SupervisedSource(
            location: location, name: name, options: options, seed: UInt64.random(in: .min ... .max))
    }
}
