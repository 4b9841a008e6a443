import BlobStoreTesting
import Glibc
import ObjectStorage
import Synchronization
import TestSupport

@testable import BlobS3

/// A proxy in front of a real server that breaks what passes through it.
///
/// What happens to a request is decided by the seed, the request's line and how often it has come, so that a schedule
/// is the same whatever the order in which the requests of several clients arrive.
final class FaultProxy: Sendable {
    /// What decides about a request.
    typealias Choice = @Sendable (_ line: String, _ number: Int) -> ProxyFault

    private final class State: Sendable {
        struct Values {
            var isOff = false
            var counts: [String: Int] = [:]
            var faults = 0
            var altered: Set<String> = []
        }
        let values = Mutex(Values())
    }

    private let server: ScriptedServer
    private let state: State
    var url: String { server.url }
    /// How many requests did not pass as they were.
    var faults: Int { state.values.withLock(\.faults) }

    /// Whether an answer with an object of that name was altered, so that a reader who does not hash may be wrong.
    func hasAltered(_ name: String) -> Bool { state.values.withLock { $0.altered.contains { $0.hasSuffix(name) } } }

    /// - Parameter port: of the real server, on this machine.
    init(toPort port: UInt16, _ choose: @escaping Choice) throws {
        let state = State()
        self.state = state
        server = try ScriptedServer { connection in
            var goesOn = true
            while goesOn {
                guard let head = connection.readHead() else { return }
                let line = String(head.prefix { $0 != "\r\n" })
                let fault = state.values.withLock { values in
                    if values.isOff { return ProxyFault.none }
                    let kind = Self.kind(line)
                    let fault = choose(kind, values.counts[kind, default: 0])
                    values.counts[kind, default: 0] += 1
                    values.faults += fault == .none ? 0 : 1
                    if case .alterAnswer = fault { values.altered.insert(kind) }
                    return fault
                }
                goesOn = ProxiedRequest(head: head, connection: connection, port: port).run(fault)
            }
        }
    }

    /// Faults that a seed draws.
    /// - Parameters:
    ///   - share: how many of a hundred requests have one.
    ///   - stallMilliseconds: of a stall that a client gives up on; 0 for none.
    convenience init(toPort port: UInt16, seed: UInt64, share: Int, stallMilliseconds: Int = 0) throws {
        try self.init(toPort: port) { line, number in
            var hash = seed
            for byte in "\(line) \(number)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            var random = SeededGenerator(seed: hash)
            return ProxyFault.drawn(share, stallMilliseconds: stallMilliseconds, &random)
        }
    }

    /// From now on everything passes as it is.
    func stopFaults() { state.values.withLock { $0.isOff = true } }

    /// The request's line without what differs from run to run.
    private static func kind(_ line: String) -> String {
        line.split(separator: " ").prefix(2).joined(separator: " ")
            .split(separator: "&").filter { !$0.hasPrefix("uploadId=") }.joined(separator: "&")
    }
}

/// One request on its way through the proxy.
private struct ProxiedRequest {
    let head: String
    let connection: ScriptedServer.Connection
    let port: UInt16

    private var length: Int {
        let line = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
        return line.flatMap { Int($0.drop { $0 != " " }.dropFirst()) } ?? 0
    }

    /// S3 may answer these with 200 and an error inside.
    private var mayFailInside: Bool {
        head.hasPrefix("POST") && head.contains("uploadId=") || head.lowercased().contains("\r\nx-amz-copy-source:")
    }

    /// - Returns: whether the connection can be used for another request.
    func run(_ fault: ProxyFault) -> Bool {
        switch fault {
        case .refuse: return reset()
        case .resetInRequest(let quarters):
            _ = connection.read(length * quarters / 4)
            return reset()
        case .early(let status, let drains):
            answer(status)
            if drains { _ = connection.read(length) } else { connection.resetAtEnd() }
            return false
        default:
            let body = connection.read(length)
            guard body.count == length else { return false }
            return answered(fault, body)
        }
    }

    private func answered(_ fault: ProxyFault, _ body: [UInt8]) -> Bool {
        switch fault {
        case .status(let status, let retryAfter, let isDone):
            if isDone { _ = upstream(body) }
            return answer(status, fields: retryAfter.map { "Retry-After: \($0)\r\n" } ?? "")
        case .errorInside(let isDone) where mayFailInside:
            if isDone { _ = upstream(body) }
            return answer(200, code: "InternalError")
        case .redirect: return answer(301, code: "PermanentRedirect", fields: "x-amz-bucket-region: eu-elsewhere-1\r\n")
        case .skew:
            return answer(403, code: "RequestTimeTooSkewed", fields: "Date: Sun, 30 Aug 2015 12:36:00 GMT\r\n")
        case .continueTwice: connection.write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n")
        default: break
        }
        var sent = body
        if fault == .alterRequest, !sent.isEmpty { sent[sent.count / 2] ^= 0x20 }
        guard var reply = upstream(sent) else { return reset() }
        return deliver(&reply, fault)
    }

    private func deliver(_ reply: inout Reply, _ fault: ProxyFault) -> Bool {
        let bytes = reply.head.utf8.count
        switch fault {
        case .resetInAnswer(let place):
            connection.write(Array(reply.bytes.prefix(place.offset(head: bytes, body: reply.body.count))))
            return reset()
        case .closeInAnswer(let place):
            connection.write(Array(reply.bytes.prefix(place.offset(head: bytes, body: reply.body.count))))
            return false
        case .stall(let milliseconds): poll(nil, 0, Int32(milliseconds))
        case .drip:
            let size = max(1, reply.bytes.count / 16)
            for start in stride(from: 0, to: reply.bytes.count, by: size) {
                guard connection.write(Array(reply.bytes[start..<min(start + size, reply.bytes.count)])) else {
                    return false
                }
            }
            return reply.isLengthKnown
        case .alterAnswer(let bit):
            if !reply.body.isEmpty { reply.body[bit / 8 % reply.body.count] ^= 1 << UInt8(bit % 8) }
        default: break
        }
        return connection.write(reply.bytes) && reply.isLengthKnown
    }

    private func reset() -> Bool {
        connection.resetAtEnd()
        return false
    }

    @discardableResult
    private func answer(_ status: Int, code: String? = nil, fields: String = "") -> Bool {
        let code = code ?? (status == 500 ? "InternalError" : "SlowDown")
        // An answer to a HEAD has no body.
        let body = head.hasPrefix("HEAD") ? "" : "<?xml version=\"1.0\"?><Error><Code>\(code)</Code></Error>"
        return connection.write("HTTP/1.1 \(status) So\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }
}

// MARK: - The real server

private struct Reply {
    /// With the empty line at its end.
    var head: String
    var body: [UInt8]
    /// Whether a client can tell where it ends without the connection's end.
    var isLengthKnown: Bool

    var bytes: [UInt8] { Array(head.utf8) + body }
}

extension ProxiedRequest {
    /// Sends the request to the real server on a connection of its own, and takes its whole answer.
    private func upstream(_ body: [UInt8]) -> Reply? {
        guard let socket = Self.connected(toPort: port) else { return nil }
        defer { close(socket) }
        // A carriage return and a line feed are one character; the last two end the head.
        let lines = head.dropLast(2)
        guard Self.write(Array("\(lines)\r\nConnection: close\r\n\r\n".utf8), to: socket), Self.write(body, to: socket)
        else {
            return nil
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            let count = recv(socket, &buffer, buffer.count, 0)
            if count < 0 { return nil }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return Self.reply(bytes)
    }

    private static func reply(_ bytes: [UInt8]) -> Reply? {
        guard let end = bytes.endOfHead else { return nil }
        let head = String(decoding: bytes[..<(end - 4)], as: UTF8.self)
        let lines = head.split(separator: "\r\n").filter { !$0.lowercased().hasPrefix("connection:") }
        let isKnown = lines.contains { line in
            line.lowercased().hasPrefix("content-length:") || line.lowercased() == "transfer-encoding: chunked"
        }
        return Reply(
            head: lines.joined(separator: "\r\n") + "\r\n\r\n", body: Array(bytes[end...]),
            isLengthKnown: isKnown || head.contains(" 204 "))
    }

    private static func connected(toPort port: UInt16) -> Int32? {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let isOpen = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                connect(socket, raw, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isOpen else {
            close(socket)
            return nil
        }
        return socket
    }

    private static func write(_ bytes: [UInt8], to socket: Int32) -> Bool {
        var offset = 0
        while offset < bytes.count {
            let sent = bytes.withUnsafeBytes { all in
                send(socket, all.baseAddress.map { $0 + offset }, all.count - offset, Int32(MSG_NOSIGNAL))
            }
            if sent <= 0 { return false }
            offset += sent
        }
        return true
    }
}
