/// What a camera is doing, as published under `<camera>/status`.
package enum CameraState: String, Sendable, Codable, CaseIterable {
    case online
    case connecting
    /// Connected, but no frame for five seconds.
    case stalled
    case offline
    /// Ended (a file) or switched off.
    case disabled
    /// The camera refuses the user or password.
    case authFailed = "auth_failed"
}
