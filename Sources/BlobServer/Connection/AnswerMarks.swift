internal import BlobCluster
internal import BlobCrypto
internal import BlobHTTP
internal import NIOHTTP1
internal import Synchronization

/// What every answer of a node carries, whoever gives it.
final class AnswerMarks: Sendable {
    private static let longestID = 64

    let node: String
    private let refused: @Sendable (Int) -> Void
    private let closing = Atomic(false)
    /// Begins anywhere, so that two nodes hardly give the same.
    private let nextID = Atomic(UInt64.random(in: .min ... .max))
    private let latestDate = Mutex((seconds: Int64.min, text: ""))

    /// - Parameter refused: told the status of each request that no route saw.
    init(node: String, refused: @escaping @Sendable (Int) -> Void) {
        self.node = node
        self.refused = refused
    }

    /// Whether each answer is the last of its connection: the node is about to stop.
    var isClosing: Bool {
        get { closing.load(ordering: .relaxed) }
        set { closing.store(newValue, ordering: .relaxed) }
    }

    func noteRefusal(_ status: Int) { refused(status) }

    /// A request's id: the one that a balancer gave, where it is fit for a log.
    func requestID(_ given: String?) -> String {
        if let given, (1...Self.longestID).contains(given.utf8.count), given.utf8.allSatisfy(Self.isPlain) {
            return given
        }
        let number = nextID.wrappingAdd(1, ordering: .relaxed).newValue
        return String(unsafeUninitializedCapacity: 16) { buffer in
            for index in 0..<16 {
                buffer[index] = Hex.digit(UInt8(truncatingIfNeeded: number >> (index * 4)))
            }
            return 16
        }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
        default: false
        }
    }

    /// The time as `Date` has it; written anew each second.
    private var date: String {
        let now = Timestamp.now.seconds
        return latestDate.withLock { latest in
            if latest.seconds != now { latest = (now, UTCTime(seconds: now).httpDate) }
            return latest.text
        }
    }

    func mark(_ headers: inout NIOHTTP1.HTTPHeaders, _ requestID: String) {
        headers.replaceOrAdd(name: "date", value: date)
        headers.replaceOrAdd(name: "x-node", value: node)
        headers.replaceOrAdd(name: "x-request-id", value: requestID)
    }
}
