/// A request: everything that goes over the wire, and how long it may take.
package struct HTTPRequest: Sendable {
    /// What is sent.
    package enum Body: Sendable {
        case none
        case bytes([UInt8])
        /// A part of an open file, which the sender keeps open until the request has ended. It is read on the loop's
        /// thread: for local files only.
        case file(descriptor: Int32, offset: Int64, count: Int64)

        package var count: Int64 {
            switch self {
            case .none: 0
            case .bytes(let bytes): Int64(bytes.count)
            case .file(_, _, let count): count
            }
        }
    }

    /// How long to wait for what. Nothing is waited for without a limit, but a slow reader.
    package struct Timeouts: Sendable, Equatable {
        /// For a connection, with TLS.
        package var connect = Duration.seconds(10)
        /// For the next bytes in either direction, and so for the beginning of an answer.
        package var stall = Duration.seconds(30)
        /// The same for a request whose answer takes long to begin.
        package var lateAnswer = Duration.seconds(300)
        /// What comes more slowly than this for as long as that counts as stalled, so that a drip ends, too.
        package var slowestBytesPerSecond = 1_024
        /// For everything; nil for a body that is streamed.
        package var total: Duration? = .seconds(300)

        package init() {}
    }

    package var method: String
    /// Begins with `http://` or `https://`; sent as it is, without a look at `..` in it.
    package var url: String
    /// `Content-Length` is added, and `Host` where it is not given.
    package var headers: HTTPHeaders
    package var body: Body
    package var timeouts = Timeouts()
    /// Whether a proxy that the environment names is used; not for what is on this machine or beside it.
    package var usesProxy = true
    /// Whether curl may send it again by itself where a kept connection turns out to be closed; else that is an error.
    package var mayBeResent = true

    package init(_ method: String, _ url: String, headers: HTTPHeaders = [:], body: Body = .none) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}

/// An answer without its body.
package struct HTTPHead: Sendable, Equatable {
    package var status: Int
    package var headers: HTTPHeaders

    package init(status: Int, headers: HTTPHeaders = [:]) {
        self.status = status
        self.headers = headers
    }

    package var isSuccess: Bool { (200..<300).contains(status) }
}

/// An answer, whole.
package struct HTTPResponse: Sendable, Equatable {
    package var head: HTTPHead
    package var body: [UInt8]

    package init(_ head: HTTPHead, body: [UInt8] = []) {
        self.head = head
        self.body = body
    }

    package var status: Int { head.status }
    package var headers: HTTPHeaders { head.headers }
}
