internal import BlobSystem
internal import BlobTerminal
internal import Glibc

@main
enum Main {
    static func main() {
        StandardStreams.occupyClosed()
        Heap.keepLargeBuffersApart()
        let interruption = Interruption()
        let signals = SignalWatch(interruption)
        let arguments = Array(CommandLine.arguments.dropFirst())
        let flaw = RawArguments.firstThatIsNoText
        Task.detached {
            let invocation = Invocation(arguments, interruption)
            let status = if let flaw { invocation.refuseBytes(at: flaw) } else { await invocation.run() }
            exit(status.code)
        }
        signals.run()
    }
}
