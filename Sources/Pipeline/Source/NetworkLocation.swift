import Foundation

/// A camera on the network. The user and password are kept apart from `uri`, which is what GStreamer is given.
package struct NetworkLocation: Sendable, Equatable {
    package enum Scheme: String, Sendable {
        case rtsp, rtsps, http, https
    }

    package let scheme: Scheme
    /// Without user and password.
    package let uri: String
    /// Lower case, without the brackets of an IPv6 address.
    package let host: String
    package let credentials: Credentials?

    /// Reads what follows `scheme://`.
    init(scheme name: String, body: String) throws(Refusal) {
        guard let scheme = Scheme(rawValue: name) else { throw Refusal("scheme '\(name)' is not accepted") }
        guard body.allSatisfy({ $0.isASCII && !$0.isWhitespace }) else {
            throw Refusal("contains a space or a character beyond ASCII; percent-encode it")
        }
        let end = body.firstIndex { "/?#".contains($0) } ?? body.endIndex
        let authority = body[..<end]
        let at = authority.lastIndex(of: "@")
        let address = at.map { authority[authority.index(after: $0)...] } ?? authority
        credentials = try at.map { mark throws(Refusal) in try Self.credentials(authority[..<mark]) }
        host = try Self.host(of: address)
        self.scheme = scheme
        uri = "\(scheme.rawValue)://\(address)\(body[end...])"
        if !isRTSP, LinkLocal.contains(host) {
            throw Refusal("is a link-local address, where cloud metadata is served; refused")
        }
    }

    package var isRTSP: Bool { scheme == .rtsp || scheme == .rtsps }
    package var redacted: String { Redaction.uri(uri) }

    private static func credentials(_ text: Substring) throws(Refusal) -> Credentials {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let user = parts[0].removingPercentEncoding
        let password = parts.count > 1 ? parts[1].removingPercentEncoding : ""
        guard let user, let password, !(user + password).unicodeScalars.contains("\0") else {
            throw Refusal("has a user or password with a percent escape that is no text; write '%' as %25")
        }
        return Credentials(user: user, password: password)
    }

    private static func host(of address: Substring) throws(Refusal) -> String {
        let host: Substring
        let port: Substring?
        if address.hasPrefix("[") {
            guard let close = address.firstIndex(of: "]") else { throw Refusal("has an IPv6 address without ']'") }
            host = address[address.index(after: address.startIndex)..<close]
            let rest = address[address.index(after: close)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { throw Refusal("has text between ']' and the port") }
            port = rest.isEmpty ? nil : rest.dropFirst()
            guard host.allSatisfy({ $0.isHexDigit || ":.%".contains($0) || $0.isLetter || $0.isNumber }), !host.isEmpty
            else { throw Refusal("has no valid IPv6 address") }
        } else {
            let parts = address.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            host = parts[0]
            port = parts.count > 1 ? parts[1] : nil
            guard !host.isEmpty else { throw Refusal("names no host") }
            guard host.allSatisfy({ $0.isLetter || $0.isNumber || "._-".contains($0) }) else {
                throw Refusal("has no valid host name; percent-encode '/', '?', '#' and '@' in user and password")
            }
        }
        if let port {
            guard let number = UInt16(port), number > 0 else {
                throw Refusal(
                    "has a port that is no number from 1 to 65535; percent-encode '/', '?' and '#' in passwords")
            }
        }
        return host.lowercased()
    }
}

extension NetworkLocation: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { redacted }
    package var debugDescription: String { redacted }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Link-local addresses, 169.254.0.0/16 and its IPv6 guises, where cloud providers serve their secrets.
enum LinkLocal {
    /// True for every notation that the resolver takes for such an address: dotted, hexadecimal, octal, one number.
    static func contains(_ host: String) -> Bool {
        var name = host
        while name.hasSuffix(".") { name.removeLast() }
        var four = in_addr()
        if inet_aton(name, &four) != 0 { return isLinkLocal(UInt32(bigEndian: four.s_addr)) }
        var six = in6_addr()
        let bare = String(name.prefix { $0 != "%" })
        guard inet_pton(AF_INET6, bare, &six) == 1 else { return false }
        let bytes = withUnsafeBytes(of: six) { Array($0) }
        let tail = bytes[12...].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        let mapped = bytes[..<10].allSatisfy { $0 == 0 } && (bytes[10...11].allSatisfy { $0 == 0xFF || $0 == 0 })
        let translated = Array(bytes[..<12]) == [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0]
        let amazon = Array(bytes[..<4]) == [0xFD, 0, 0x0E, 0xC2]
        return amazon || (bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80) || ((mapped || translated) && isLinkLocal(tail))
    }

    private static func isLinkLocal(_ address: UInt32) -> Bool { address >> 16 == 169 << 8 | 254 }
}
