import BlobSystem
import Glibc

/// A package beside this one that depends on it, as a user's does.
///
/// It stands below `.build`, with a link `blobstore` beside it that leads to this repository. What is done in it is run
/// by `Tests/Tools/outside`.
package struct OutsidePackage {
    /// How a command ended, and what it printed.
    package struct Result {
        package let code: Int32
        package let text: String
    }

    private static let top = String(#filePath.dropLast("/Tests/Support/OutsidePackage.swift".count))
    private let folder: String

    /// - Parameter files: the text of each file, by its path in the package.
    package init(_ name: String, files: [String: String]) {
        folder = "\(Self.top)/.build/outside/\(name)"
        for (path, text) in files { Self.write(path, text, below: folder) }
        symlink(Self.top, "\(Self.top)/.build/outside/blobstore")
    }

    /// Does what the arguments say with `swift`, in the package, for 20 minutes at most; on a thread of its own, since
    /// the other tests need the few that run tasks.
    package func swift(_ arguments: String...) async throws -> Result {
        let command = BoundedCommand(
            ["/bin/sh", "-c", "\"$0\" \"$@\" 2>&1; echo \"exit $?\"", "\(Self.top)/Tests/Tools/outside", folder]
                + arguments, timeLimit: .seconds(1_200), outputLimitBytes: 1 << 24)
        let output = try await withCheckedThrowingContinuation { continuation in
            let isStarted = Thread.start(named: "outside") {
                continuation.resume(with: Swift.Result { try command.run { true } })
            }
            if !isStarted { continuation.resume(throwing: NoThread()) }
        }
        let lines = String(decoding: output, as: UTF8.self).split(separator: "\n")
        let code = lines.last.flatMap { Int32($0.dropFirst("exit ".count)) } ?? -1
        return Result(code: code, text: lines.dropLast().joined(separator: "\n"))
    }

    /// The packages that a build of it fetched, in order.
    package var fetched: [String] {
        let name = folder.split(separator: "/").last ?? ""
        guard let stream = opendir("\(Self.top)/.build/outside/builds/\(name)/checkouts") else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    private struct NoThread: Error {}

    /// Writes a file that is not there, or says something else; so what has not changed is not built again.
    private static func write(_ path: String, _ text: String, below folder: String) {
        var parent = top
        let full = "\(folder)/\(path)".dropFirst(top.count + 1)
        for segment in full.split(separator: "/").dropLast() {
            parent += "/" + segment
            mkdir(parent, 0o777)
        }
        let file = "\(top)/\(full)"
        if read(file) == text { return }
        guard let stream = fopen(file, "w") else { return }
        fputs(text, stream)
        fclose(stream)
    }

    private static func read(_ path: String) -> String? {
        guard let stream = fopen(path, "r") else { return nil }
        defer { fclose(stream) }
        var text: [UInt8] = []
        while case let byte = fgetc(stream), byte != EOF { text.append(UInt8(truncatingIfNeeded: byte)) }
        return String(decoding: text, as: UTF8.self)
    }
}
