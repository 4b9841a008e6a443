import Synchronization

extension ScriptedServer {
    /// Answers each request with the next of the answers, and with the last of them from then on.
    package static func answering(_ answers: [String]) throws -> (server: ScriptedServer, requests: Requests) {
        let requests = Requests()
        let server = try ScriptedServer { connection in
            while let (head, _) = connection.readRequest() {
                let number = requests.add(head)
                let answer = answers[min(number, answers.count - 1)]
                if answer.isEmpty { return connection.resetAtEnd() }
                connection.write(answer)
            }
        }
        return (server, requests)
    }
}

/// The heads of requests that a server got.
package final class Requests: Sendable {
    private let heads = Mutex<[String]>([])

    package var all: [String] { heads.withLock { $0 } }

    fileprivate func add(_ head: String) -> Int {
        heads.withLock { heads in
            heads.append(head)
            return heads.count - 1
        }
    }
}
