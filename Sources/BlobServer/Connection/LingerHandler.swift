internal import NIOCore

/// Closes in two steps, so that the last answer arrives: first nothing more is sent, then what still comes is thrown
/// away, up to a bound, until the other side closes.
///
/// A connection that is closed while unread bytes wait is reset, and the reset may overtake the answer.
/// - Source: RFC 9112, section 9.6.
final class LingerHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private let limits: ConnectionLimits
    private var isLingering = false
    private var isOver = false
    private var bytesLeft: Int
    private var timer: Scheduled<Void>?
    private var waiting: [EventLoopPromise<Void>] = []

    init(_ limits: ConnectionLimits) {
        self.limits = limits
        bytesLeft = limits.lingerBytes
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        switch mode {
        case .output where !isLingering:
            isLingering = true
            context.close(mode: .output, promise: promise)
            let bound = context.loopBound
            timer = context.eventLoop.scheduleTask(in: TimeAmount(limits.linger)) { bound.value.close(promise: nil) }
            context.read()
        case .output:
            promise?.succeed()
        case .all where isLingering && context.channel.isActive && !isOver:
            if let promise { waiting.append(promise) }
        default:
            context.close(mode: mode, promise: promise)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard isLingering else { return context.fireChannelRead(data) }
        bytesLeft -= unwrapInboundIn(data).readableBytes
        if bytesLeft < 0 { context.close(promise: nil) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if isLingering { context.read() } else { context.fireChannelReadComplete() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if isLingering, case ChannelEvent.inputClosed? = event as? ChannelEvent { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        isOver = true
        timer?.cancel()
        for promise in waiting { promise.succeed() }
        waiting = []
        // Who closes what is closed already is not kept waiting: nothing more would come to end that.
        isLingering = false
        context.fireChannelInactive()
    }
}
