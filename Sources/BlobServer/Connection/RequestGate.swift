internal import HTTPTypes
internal import NIOCore
internal import NIOHTTP1

/// Stands between the HTTP decoder and the routes: refuses what breaks the rules, says when a connection ends, and
/// marks each answer with the node's name and the request's id.
///
/// One request is in it at a time: the pipelining handler before it holds the next one back.
final class RequestGate: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private enum Reply { case none, begun, ended }

    private let rules: RequestRules
    private let marks: AnswerMarks
    private let stage: ConnectionStage
    private let state: ConnectionState
    private var requestID = ""
    private var reply = Reply.ended
    private var closes = false
    /// The gate has answered itself: nothing passes any more, in either direction.
    private var isShut = false

    init(_ rules: RequestRules, _ marks: AnswerMarks, stage: ConnectionStage, state: ConnectionState) {
        self.rules = rules
        self.marks = marks
        self.stage = stage
        self.state = state
    }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isShut { return }
        switch unwrapInboundIn(data) {
        case .head(var head):
            begin(&head)
            do throws(Problem) {
                closes = try rules.check(&head).closes
                // The loop behind reads the next request unless it finds exactly this.
                if closes { head.headers.replaceOrAdd(name: "connection", value: "close") }
                context.fireChannelRead(wrapInboundOut(.head(head)))
            } catch { refuse(error, context) }
        case .body:
            context.fireChannelRead(data)
        case .end:
            state.isRequestWhole = true
            stage.now = reply == .ended ? .idle : .answer
            context.fireChannelRead(data)
        }
    }

    private func begin(_ head: inout HTTPRequestHead) {
        stage.now = .body
        state.isRequestWhole = false
        reply = .none
        requestID = marks.requestID(head.headers.first(name: "x-request-id"))
        head.headers.replaceOrAdd(name: "x-request-id", value: requestID)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is SlowBody else { return context.fireUserInboundEventTriggered(event) }
        refuse(Problem(.requestTimeout, "the body came too slowly"), context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let flaw = error as? HTTPParserError else { return context.fireErrorCaught(error) }
        // In the middle of a body it belongs to a request that is being answered.
        if state.isRequestWhole { (requestID, reply) = (marks.requestID(nil), .none) }
        let isTooLarge = flaw == .headerOverflow
        refuse(
            isTooLarge
                ? Problem(.requestHeaderFieldsTooLarge, "the header is larger than \(rules.limits.headerBytes) bytes")
                : Problem(.badRequest, "this is not a request in HTTP/1.1"), context)
    }

    /// Answers in the routes' place, and closes.
    private func refuse(_ problem: Problem, _ context: ChannelHandlerContext) {
        if isShut { return }
        isShut = true
        guard reply == .none else { return context.close(promise: nil) }
        reply = .ended
        let body = problem.json
        var headers: HTTPHeaders = [
            "content-type": "application/problem+json", "content-length": "\(body.utf8.count)", "connection": "close",
        ]
        marks.mark(&headers, requestID)
        marks.noteRefusal(problem.status.code)
        let head = HTTPResponseHead(
            version: .http1_1, status: .init(statusCode: problem.status.code), headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil)
        end(wrapOutboundOut(.end(nil)), context, promise: nil)
        context.flush()
        // Whoever reads the body must not wait for the rest of it.
        context.fireErrorCaught(ChannelError.inputClosed)
    }

    // MARK: Answers

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if isShut {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(let head) where (100..<200).contains(head.status.code):
            context.write(data, promise: promise)
        case .head(var head):
            reply = .begun
            // The rest of the body would be read for nothing.
            closes = closes || !state.isRequestWhole || marks.isClosing
            if closes { head.headers.replaceOrAdd(name: "connection", value: "close") }
            marks.mark(&head.headers, requestID)
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body:
            context.write(data, promise: promise)
        case .end:
            reply = .ended
            if state.isRequestWhole { stage.now = .idle }
            if closes { isShut = true }
            if closes { end(data, context, promise: promise) } else { context.write(data, promise: promise) }
        }
    }

    /// Writes the end of the last answer; nothing is sent after it.
    private func end(_ data: NIOAny, _ context: ChannelHandlerContext, promise: EventLoopPromise<Void>?) {
        let promise = promise ?? context.eventLoop.makePromise()
        let bound = context.loopBound
        promise.futureResult.whenComplete { _ in bound.value.close(mode: .output, promise: nil) }
        context.writeAndFlush(data, promise: promise)
    }
}
