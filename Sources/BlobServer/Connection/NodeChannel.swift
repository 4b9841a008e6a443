internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPTypes
internal import NIOHTTPTypesHTTP1

/// A connection as Hummingbird's server accepts it: its own pipeline before Hummingbird's request loop.
///
/// From the socket inwards: closing in two steps, the pace, NIO's encoder and decoder, one request at a time, the gate
/// that keeps the rules, and the shortcut for what is known already.
struct NodeChannel: HTTPChannelHandler {
    typealias Routes = @Sendable (Request, consuming ResponseWriter, ConnectionState) async throws -> Void

    struct Value: ServerChildChannelValue {
        let connection: NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>
        let state: ConnectionState
        var channel: any Channel { connection.channel }
    }

    let limits: ConnectionLimits
    let marks: AnswerMarks
    let ready: ShortcutHandler.Ready
    let routes: Routes
    private var state = ConnectionState()

    /// - Parameters:
    ///   - ready: answers what needs nothing but memory.
    ///   - routes: answer everything else.
    init(
        _ limits: ConnectionLimits, marks: AnswerMarks, ready: @escaping ShortcutHandler.Ready,
        routes: @escaping Routes
    ) {
        self.limits = limits
        self.marks = marks
        self.ready = ready
        self.routes = routes
    }

    var responder: Responder {
        { [routes, state] request, writer, _ in try await routes(request, writer, state) }
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let (stage, state) = (ConnectionStage(), ConnectionState())
            let pipeline = channel.pipeline.syncOperations
            // One piece at a time waits for the socket: of a slow reader's, each of them counts.
            try channel.syncOptions?.setOption(.writeBufferWaterMark, value: .init(low: 8 << 10, high: 16 << 10))
            try pipeline.addHandlers([LingerHandler(limits), PaceHandler(limits, stage)])
            try pipeline.configureHTTPServerPipeline(
                withPipeliningAssistance: true, withErrorHandling: false, withOutboundHeaderValidation: false,
                withEncoderConfiguration: .init(),
                withDecoderLimitConfiguration: decoderLimits)
            try pipeline.addHandler(RequestGate(RequestRules(limits: limits), marks, stage: stage, state: state))
            try pipeline.addHandlers([ShortcutHandler(ready), HTTP1ToHTTPServerCodec(secure: false)])
            return Value(
                connection: try NIOAsyncChannel(
                    wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true)),
                state: state)
        }
    }

    private var decoderLimits: NIOHTTPDecoderLimitConfiguration {
        var configuration = NIOHTTPDecoderLimitConfiguration()
        configuration.maxHeaderFieldSize = limits.headerBytes
        configuration.maxHeaderListSize = limits.headerBytes
        configuration.maxHeaderFieldCount = limits.fields
        return configuration
    }

    func handle(value: Value, logger: Logger) async {
        var own = self
        own.state = value.state
        await withTaskExecutorPreference(LoopExecutor(value.channel.eventLoop)) { [own] in
            await own.handleHTTP(asyncChannel: value.connection, logger: logger)
        }
    }
}
