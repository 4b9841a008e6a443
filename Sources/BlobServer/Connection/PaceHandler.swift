internal import NIOCore

/// Where a connection is in its present request. Belongs to the connection's event loop.
final class ConnectionStage {
    enum Stage { case idle, head, body, answer }
    var now = Stage.idle
}

/// A body that came too slowly.
struct SlowBody: Sendable {}

/// Ends connections that cost more than they bring: an idle one, a header or body that trickles in, a reader that
/// stalls.
///
/// It stands before the HTTP decoder and counts bytes as they come from and go to the socket.
final class PaceHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private let limits: ConnectionLimits
    private let stage: ConnectionStage
    private var looks: RepeatedTask?
    private var stageSince = NIODeadline.now()
    private var headBytes = 0

    private var isReadDue: NIODeadline?
    private var waited = TimeAmount.zero
    private var received: Int64 = 0

    private var stalledSince: NIODeadline?
    private var written: Int64 = 0
    private var goneBefore: Int64 = 0

    init(_ limits: ConnectionLimits, _ stage: ConnectionStage) {
        self.limits = limits
        self.stage = stage
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let delay = TimeAmount(limits.look)
        looks = context.eventLoop.scheduleRepeatedTask(initialDelay: delay, delay: delay) { _ in
            let (handler, context) = bound.value
            handler.look(context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        looks?.cancel()
        looks = nil
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { looks?.cancel() }

    func read(context: ChannelHandlerContext) {
        isReadDue = isReadDue ?? .now()
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let count = unwrapInboundIn(data).readableBytes
        if let since = isReadDue { waited = waited + (.now() - since) }
        isReadDue = nil
        received += Int64(count)
        if stage.now == .idle { begin(.head) }
        if stage.now == .head { headBytes += count }
        context.fireChannelRead(data)
        // A header that is not complete by now is longer than any that is accepted.
        if stage.now == .head, headBytes > limits.headerBytes + limits.targetBytes { context.close(promise: nil) }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        written += Int64(unwrapOutboundIn(data).readableBytes)
        context.write(data, promise: promise)
    }

    private func begin(_ next: ConnectionStage.Stage) {
        stage.now = next
        stageSince = .now()
        headBytes = 0
    }

    private func look(_ context: ChannelHandlerContext) {
        let isTooSlow =
            switch stage.now {
            case .idle: isSilent
            case .head: .now() - stageSince > TimeAmount(limits.head)
            case .body, .answer: false
            }
        if isTooSlow || isStalled(context) { return context.close(promise: nil) }
        if stage.now == .body, bodyTrickles { context.fireUserInboundEventTriggered(SlowBody()) }
    }

    private var isSilent: Bool {
        guard let since = isReadDue else { return false }
        return .now() - since > TimeAmount(limits.idle)
    }

    /// Whether a window of waiting is over that brought too little.
    private var bodyTrickles: Bool {
        let total = waited + (isReadDue.map { .now() - $0 } ?? .zero)
        guard total >= TimeAmount(limits.window) else { return false }
        let isTooLittle = received < limits.windowBytes
        (waited, received) = (.zero, 0)
        isReadDue = isReadDue.map { _ in .now() }
        return isTooLittle
    }

    /// Whether what waits to be sent has hardly moved for a window.
    private func isStalled(_ context: ChannelHandlerContext) -> Bool {
        let waiting = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)).map(Int64.init) ?? 0
        guard waiting > 0 else {
            stalledSince = nil
            return false
        }
        let gone = written - waiting
        guard let since = stalledSince else {
            (stalledSince, goneBefore) = (.now(), gone)
            return false
        }
        guard .now() - since >= TimeAmount(limits.window) else { return false }
        let isTooLittle = gone - goneBefore < limits.windowBytes
        (stalledSince, goneBefore) = (.now(), gone)
        return isTooLittle
    }
}
