/// How RTP reaches us: through the RTSP connection, or beside it where a server refuses that.
enum RTSPTransport: String, Sendable {
    case tcp = "TCP"
    /// UDP, unicast or multicast.
    case udp = "UDP"

    /// `GstRTSPLowerTrans` bits.
    var protocols: Int {
        switch self {
        case .tcp: 0b100
        case .udp: 0b011
        }
    }

    var other: RTSPTransport { self == .tcp ? .udp : .tcp }
}
