import BlobSystem
import Glibc

/// An answer as it came over the wire.
struct RawAnswer: Sendable {
    let status: Int
    let head: String
    let body: [UInt8]
    var text: String { String(decoding: body, as: UTF8.self) }

    /// The value of a header field; nil where it is not there.
    func field(_ name: String) -> String? {
        head.split(separator: "\r\n").first { $0.lowercased().hasPrefix(name.lowercased() + ":") }
            .map { String($0.drop { $0 != ":" }.dropFirst().drop { $0 == " " }) }
    }
}

/// A socket that sends exactly what it is told, on a thread of its own: it blocks.
final class RawSocket: Sendable {
    struct Failure: Error {
        let what: String
    }

    private let descriptor: Int32

    private init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// Connects, and runs `body` on a thread of its own.
    static func talk<Value: Sendable>(
        to port: Int, _ body: @escaping @Sendable (RawSocket) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let isStarted = Thread.start(named: "client") {
                continuation.resume(
                    with: Result {
                        let socket = try RawSocket.connected(to: port)
                        defer { close(socket.descriptor) }
                        return try body(socket)
                    })
            }
            if !isStarted { continuation.resume(throwing: Failure(what: "no thread")) }
        }
    }

    /// Sends something on a connection of its own, on this thread, and returns all that comes.
    static func once(to port: Int, _ text: String) throws -> String {
        let socket = try connected(to: port)
        defer { close(socket.descriptor) }
        socket.send(text)
        return String(decoding: try socket.rest(), as: UTF8.self)
    }

    private static func connected(to port: Int) throws -> RawSocket {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if code != 0 { throw Failure(what: "connect: \(errno)") }
        return RawSocket(descriptor)
    }

    /// - Returns: whether the other side takes it.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if sent <= 0 { return false }
            rest = rest.dropFirst(sent)
        }
        return true
    }

    @discardableResult
    func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    /// Says that nothing more comes.
    func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Takes little before it is read.
    func narrow() {
        var size: Int32 = 4_096
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
    }

    /// The next bytes; empty at the end; nil after a reset.
    func receive(atMost count: Int = 1 << 16) throws -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: count)
        let got = recv(descriptor, &buffer, count, 0)
        if got < 0 {
            if errno == EAGAIN { throw Failure(what: "nothing came in time") }
            return nil
        }
        return Array(buffer[..<got])
    }

    /// Everything until the other side closes.
    func rest() throws -> [UInt8] {
        var all: [UInt8] = []
        while let bytes = try receive(), !bytes.isEmpty { all += bytes }
        return all
    }

    /// The next answer.
    func answer(isHead: Bool = false) throws -> RawAnswer {
        var head: [UInt8] = []
        while !head.ends(with: [13, 10, 13, 10]) {
            guard let byte = try receive(atMost: 1), !byte.isEmpty else {
                throw Failure(what: "closed in the head: \(String(decoding: head, as: UTF8.self))")
            }
            head += byte
        }
        let text = String(decoding: head.dropLast(4), as: UTF8.self)
        let status = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        let answer = RawAnswer(status: status, head: text, body: [])
        let length = answer.field("content-length").flatMap { Int($0) } ?? 0
        var body: [UInt8] = []
        while !isHead, body.count < length {
            guard let bytes = try receive(atMost: length - body.count), !bytes.isEmpty else {
                throw Failure(what: "closed after \(body.count) of \(length) bytes: \(text)")
            }
            body += bytes
        }
        return RawAnswer(status: status, head: text, body: body)
    }
}

extension [UInt8] {
    func ends(with bytes: [UInt8]) -> Bool { suffix(bytes.count).elementsEqual(bytes) }
}

/// Lets other threads go first.
func yieldThread() { sched_yield() }
