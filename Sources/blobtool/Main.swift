internal import BlobSystem
internal import BlobTerminal
internal import Glibc

@main
enum Main {
    static func main() {
        Heap.keepLargeBuffersApart()
        let interruption = Interruption()
        let signals = SignalWatch(interruption)
        let arguments = Array(CommandLine.arguments.dropFirst())
        Task.detached {
            let status = await Invocation(arguments, interruption).run()
            exit(status.code)
        }
        signals.run()
    }
}
