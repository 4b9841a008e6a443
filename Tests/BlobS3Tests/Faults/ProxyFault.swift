import BlobStoreTesting
import ObjectStorage

/// What a proxy does to one request and its answer.
enum ProxyFault: Sendable, Equatable {
    /// Where in an answer something happens.
    enum Place: CaseIterable, Sendable {
        case beforeIt, inStatusLine, inFields, afterHead, inBody, beforeLastByte

        /// So many bytes of the answer come before it.
        func offset(head: Int, body: Int) -> Int {
            switch self {
            case .beforeIt: 0
            case .inStatusLine: min(9, head)
            case .inFields: head / 2
            case .afterHead: head
            case .inBody: head + body / 2
            case .beforeLastByte: max(head + body - 1, 0)
            }
        }
    }

    case none
    /// The connection is reset before anything is read.
    case refuse
    /// Reset when so large a part of the body was taken; the server never hears of it.
    case resetInRequest(quarters: Int)
    /// The server did it; then the connection is reset at a place in the answer, or closed as if all were well.
    case resetInAnswer(Place)
    case closeInAnswer(Place)
    /// Answered by the proxy before the body is read; then the rest is read, or the connection is reset.
    case early(status: Int, drains: Bool)
    /// Answered by the proxy, with or without the server having done it.
    case status(Int, retryAfter: Int?, isDone: Bool)
    /// 200 with an error document, where S3 may do that; with or without the server having done it.
    case errorInside(isDone: Bool)
    /// One byte of the body of the request is another.
    case alterRequest
    /// One bit of the body of the answer is another.
    case alterAnswer(bit: Int)
    /// Nothing for a moment, and then everything; or everything in small pieces.
    case stall(milliseconds: Int)
    case drip
    /// `100 Continue` comes twice.
    case continueTwice
    case redirect
    /// The server's clock is said to be another.
    case skew

    /// Draws one; half of them at most are `none`, as `share` of a hundred says.
    /// - Parameter stallMilliseconds: of a stall that a client gives up on; 0 for none.
    static func drawn(_ share: Int, stallMilliseconds: Int = 0, _ random: inout SeededGenerator) -> ProxyFault {
        guard Int.random(in: 0..<100, using: &random) < share else { return .none }
        let place = Place.allCases.randomElement(using: &random) ?? .beforeIt
        let isDone = Bool.random(using: &random)
        let status = [500, 503, 429].randomElement(using: &random) ?? 500
        switch Int.random(in: 0..<16, using: &random) {
        case 0: return .refuse
        case 1: return .resetInRequest(quarters: Int.random(in: 0...4, using: &random))
        case 2, 3: return .resetInAnswer(place)
        case 4: return .closeInAnswer(place)
        case 5: return .early(status: status, drains: isDone)
        case 6: return .status(status, retryAfter: nil, isDone: isDone)
        case 7: return .status(status, retryAfter: 0, isDone: false)
        case 8: return .errorInside(isDone: isDone)
        case 9: return .alterRequest
        case 10: return .stall(milliseconds: Int.random(in: 1...50, using: &random))
        case 11: return .drip
        case 12: return .continueTwice
        case 13: return Int.random(in: 0..<4, using: &random) == 0 ? .redirect : .skew
        case 14 where stallMilliseconds > 0 && Int.random(in: 0..<16, using: &random) == 0:
            return .stall(milliseconds: stallMilliseconds)
        default: return .alterAnswer(bit: Int.random(in: 0..<1 << 30, using: &random))
        }
    }
}
