internal import NIOCore
internal import NIOHTTP1

/// An answer that is whole in memory before anything is asked or awaited.
struct ReadyAnswer {
    let head: HTTPResponseHead
    let body: ByteBuffer
}

/// Answers within the pipeline what is known already, without waking the connection's task: for a small package that
/// is most of what a request costs. Everything else goes on to the routes.
///
/// It stands behind the gate, so that the rules hold for it as for the routes.
final class ShortcutHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart
    /// Answers a request; nil where the routes must.
    typealias Ready = @Sendable (HTTPRequestHead) -> ReadyAnswer?

    private let ready: Ready
    /// The head of a request that has not ended yet and that may be answered here.
    private var head: HTTPRequestHead?
    /// The next request may come while the answer to this one is written.
    private var isAnswering = false
    /// Whether something went on to the routes since the last reading ended.
    private var hasPassed = false

    init(_ ready: @escaping Ready) { self.ready = ready }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head) where mayAnswer(head, context):
            self.head = head
        case .end(nil):
            if let head = head.take() {
                if answer(head, context) { return }
                context.fireChannelRead(wrapInboundOut(.head(head)))
            }
            pass(data, context)
        case .head, .body, .end:
            if let head = head.take() { context.fireChannelRead(wrapInboundOut(.head(head))) }
            pass(data, context)
        }
    }

    private func pass(_ data: NIOAny, _ context: ChannelHandlerContext) {
        hasPassed = true
        context.fireChannelRead(data)
    }

    /// The end of a reading is told where there was something to read.
    func channelReadComplete(context: ChannelHandlerContext) {
        guard hasPassed else { return }
        hasPassed = false
        context.fireChannelReadComplete()
    }

    /// While an answer is written that is known to fit, nobody need hear that it waits for the socket.
    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if !isAnswering { context.fireChannelWritabilityChanged() }
    }

    /// A reader that has not taken what was sent before is waited for: the routes do that. They also take what comes
    /// while an answer is written, so that many requests in one packet do not nest.
    private func mayAnswer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) -> Bool {
        head.method == .GET && head.version == .http1_1 && !isAnswering && context.channel.isWritable
    }

    private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) -> Bool {
        guard let answer = ready(head) else { return false }
        isAnswering = true
        context.write(wrapOutboundOut(.head(answer.head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(answer.body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        isAnswering = false
        // It was writable when this began.
        if !context.channel.isWritable { context.fireChannelWritabilityChanged() }
        return true
    }
}
