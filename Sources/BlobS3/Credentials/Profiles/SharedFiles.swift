internal import BlobSystem
package import ObjectStorage

/// Threads for what blocks while settings and credentials are looked up: small files, and other programs.
enum LookupThreads {
    private static let pool = BlockingPool(name: "lookup", limits: .init(threads: 4, queue: 1_000))

    /// - Throws: `unavailable` when time is up; what `body` throws.
    static func run<Value: Sendable>(
        _ what: String, atMost limit: Duration, _ body: @escaping @Sendable () throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        switch await pool.run(deadline: limit, { (_) throws(StoreError) in try body() }) {
        case .done(let result): return try result.get()
        case .expired: throw StoreError(.unavailable, "\(what) took longer than \(limit.components.seconds) s")
        case .refused: throw StoreError(.unavailable, "\(what): too many lookups at once; try again")
        }
    }

    /// A small file's content; nil when there is none.
    /// - Throws: `invalidArgument` for one over `limit` bytes, and what reading it throws.
    static func content(of path: String, atMost limit: Int) async throws(StoreError) -> [UInt8]? {
        let bytes = try await run("reading \(path)", atMost: .seconds(10)) { () throws(StoreError) -> [UInt8]? in
            do throws(Errno) { return try read(path, limit + 1) } catch {
                if error == .notFound || error == .notDirectory { return nil }
                throw StoreError(error, call: "read", "the file \(path)")
            }
        }
        guard bytes?.count ?? 0 <= limit else {
            throw StoreError(.invalidArgument, "the file \(path) has more than \(limit) bytes; is it the right file?")
        }
        return bytes
    }

    private static func read(_ path: String, _ count: Int) throws(Errno) -> [UInt8] {
        let calls = UninterruptedCalls(LinuxCalls())
        // Does not hang on a pipe under that name, and reads on where it stands, as a pipe must be read.
        let descriptor = try calls.open(path: path, [.readOnly, .nonBlocking], mode: 0)
        defer { try? calls.close(descriptor) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 << 10, alignment: 16)
        defer { buffer.deallocate() }
        var content: [UInt8] = []
        while content.count < count {
            let room = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(count - content.count))
            let part = try calls.read(descriptor, into: room)
            if part == 0 { break }
            content += buffer.prefix(part)
        }
        return content
    }
}

/// The shared config and credentials files, and the profile chosen in them.
///
/// AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name them, else they are `~/.aws/config` and `~/.aws/credentials`;
/// one that does not exist is empty.
package struct SharedFiles: Sendable {
    /// The profile's name.
    package let profile: String
    let config: ProfileFile
    let credentials: ProfileFile
    /// Whether somebody asked for this profile, so that its absence is a mistake.
    private let isNamed: Bool

    /// Reads both files.
    /// - Parameter profile: wins over AWS_PROFILE.
    /// - Throws: `invalidArgument` with file and line; `permissionDenied`; `unavailable`.
    package init(profile: String?, environment: [String: String]) async throws(StoreError) {
        let named = profile ?? environment.text("AWS_PROFILE") ?? environment.text("AWS_DEFAULT_PROFILE")
        self.profile = named ?? "default"
        isNamed = named != nil
        config = try await Self.file(environment: environment, variable: "AWS_CONFIG_FILE", name: "config")
        credentials = try await Self.file(
            environment: environment, variable: "AWS_SHARED_CREDENTIALS_FILE", name: "credentials")
    }

    private static func file(
        environment: [String: String], variable: String, name: String
    ) async throws(StoreError) -> ProfileFile {
        let home = environment.text("HOME")
        var path = environment.text(variable)
        if let given = path, given.hasPrefix("~/"), let home { path = home + given.dropFirst() }
        if path == nil, let home { path = home + "/.aws/" + name }
        guard let path else {
            return try ProfileFile(path: "~/.aws/" + name, bytes: [])
        }
        let bytes = try await LookupThreads.content(of: path, atMost: ProfileFile.maximumBytes)
        return try ProfileFile(path: path, bytes: bytes ?? [])
    }

    /// The profile as the config file has it.
    var configSection: ProfileFile.Section? {
        config.sections["profile \(profile)"] ?? (profile == "default" ? config.sections["default"] : nil)
    }

    /// The profile as the credentials file has it.
    var credentialsSection: ProfileFile.Section? { credentials.sections[profile] }

    /// A property of the profile; the credentials file wins.
    func value(_ name: String) -> String? {
        let property = credentialsSection?[name] ?? configSection?[name]
        return property.flatMap { $0.value.isEmpty ? nil : $0.value }
    }

    /// A line below a property of the profile, e.g. `addressing_style` below `s3`.
    func value(_ name: String, below property: String) -> String? {
        configSection?[property]?.nested[name] ?? credentialsSection?[property]?.nested[name]
    }

    /// A line below a service's name in the section that the profile's `services` names.
    func serviceValue(_ name: String, service: String) -> String? {
        value("services").flatMap { config.sections["services \($0)"]?[service]?.nested[name] }
    }

    /// - Throws: `invalidArgument` when a profile was asked for and neither file has it.
    func checkProfile() throws(StoreError) {
        guard isNamed, configSection == nil, credentialsSection == nil else { return }
        let hint =
            config.sections[profile] == nil
            ? "write it there, or name another"
            : "in the config file its section must be called [profile \(profile)]"
        throw StoreError(
            .invalidArgument,
            "the profile \"\(profile)\" is neither in \(config.path) nor in \(credentials.path); \(hint)")
    }
}
