import Foundation

extension Error {
    /// What the system says of a failed operation, "No space left on device"; where Foundation does not pass that on, its own
    /// words.
    package var systemReason: String {
        var cause: (any Error)? = self
        while let error = cause {
            if let error = error as? POSIXError { return FileKind.reason(error.code.rawValue) }
            let error = error as NSError
            if error.domain == NSPOSIXErrorDomain { return FileKind.reason(Int32(error.code)) }
            cause = error.userInfo[NSUnderlyingErrorKey] as? any Error
        }
        return localizedDescription
    }
}
