import BlobSystem
import Glibc
import Synchronization

/// A server on a port of this machine that does what a script says, however wrong that is.
package final class ScriptedServer: Sendable {
    /// One connection, as the script sees it.
    package struct Connection: Sendable {
        fileprivate let socket: Int32
        /// From 0, in the order in which they came.
        package let number: Int

        /// The head of the next request, and nothing of its body; nil when the client has closed.
        package func readHead() -> String? {
            var bytes: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 4 << 10)
            while true {
                // Looked at first, so that nothing is taken of what follows.
                let seen = recv(socket, &buffer, buffer.count, Int32(MSG_PEEK))
                guard seen > 0 else { return nil }
                let before = bytes.count
                bytes += buffer[..<seen]
                let end = bytes.endOfHead
                guard read((end ?? bytes.count) - before).count > 0 else { return nil }
                if let end { return String(decoding: bytes[..<end], as: UTF8.self) }
            }
        }

        /// So many bytes; fewer at the end.
        package func read(_ count: Int) -> [UInt8] {
            [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
                while filled < count, let start = buffer.baseAddress {
                    let got = recv(socket, start + filled, count - filled, 0)
                    if got <= 0 { break }
                    filled += got
                }
            }
        }

        /// A whole request.
        package func readRequest() -> (head: String, body: [UInt8])? {
            guard let head = readHead() else { return nil }
            let line = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
            let length = line.flatMap { Int($0.drop { $0 != " " }.dropFirst()) } ?? 0
            return (head, read(length))
        }

        /// - Returns: whether the client still takes bytes.
        @discardableResult
        package func write(_ bytes: [UInt8]) -> Bool {
            var rest = bytes[...]
            while !rest.isEmpty {
                let sent = rest.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                if sent <= 0 { return false }
                rest = rest.dropFirst(sent)
            }
            return true
        }

        @discardableResult
        package func write(_ text: String) -> Bool { write(Array(text.utf8)) }

        /// A whole answer.
        package func answer(_ status: Int, headers: String = "", _ body: String = "") {
            write("HTTP/1.1 \(status) So\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        }

        /// Makes the end of the script reset the connection rather than close it.
        package func resetAtEnd() {
            var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
            setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        }
    }

    private let listener: Int32
    package let port: UInt16

    package var url: String { "http://127.0.0.1:\(port)" }

    /// Each connection is closed when its script has ended.
    package init(_ script: @escaping @Sendable (Connection) -> Void) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isOpen = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                bind(listener, raw, length) == 0 && listen(listener, 64) == 0
                    && getsockname(listener, raw, &length) == 0
            }
        }
        guard isOpen else { throw ServerFailure() }
        self.listener = listener
        port = UInt16(bigEndian: address.sin_port)
        let isRunning = Thread.start(named: "scripted-server") {
            var number = 0
            while true {
                let socket = accept(listener, nil, nil)
                if socket < 0 { return }
                let connection = Connection(socket: socket, number: number)
                number += 1
                let hasThread = Thread.start(named: "scripted-peer") {
                    script(connection)
                    close(connection.socket)
                }
                if !hasThread { close(socket) }
            }
        }
        guard isRunning else { throw ServerFailure() }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }
}

private struct ServerFailure: Error {}

extension [UInt8] {
    /// Where the body of a request or an answer begins; nil where its head goes on.
    package var endOfHead: Int? {
        withUnsafeBytes { all in
            var next = 0
            while next + 4 <= all.count, let start = all.baseAddress {
                guard let found = memchr(start + next, 13, all.count - next - 3) else { return nil }
                next = UnsafeRawPointer(found) - start + 1
                if memcmp(found, "\r\n\r\n", 4) == 0 { return next + 3 }
            }
            return nil
        }
    }

    /// As `==` says, which takes a second for some megabytes where nothing is optimised.
    package func isSame(as other: [UInt8]) -> Bool {
        count == other.count
            && withUnsafeBytes { mine in
                other.withUnsafeBytes { theirs in
                    guard let one = mine.baseAddress, let two = theirs.baseAddress else { return true }
                    return memcmp(one, two, mine.count) == 0
                }
            }
    }
}
