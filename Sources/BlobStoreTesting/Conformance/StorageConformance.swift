public import ObjectStorage

/// What every storage must do, as a list of checks that any test framework can run.
///
/// With Swift Testing:
///
///     @Test(arguments: StorageConformance.checks)
///     func keepsThePromise(_ check: StorageConformance.Check) async throws {
///         try await check.run { MyStorage(emptyPlace()) }
///     }
public enum StorageConformance {
    /// One promise of `Storage`, and how it is put to the test.
    public struct Check: Sendable, CustomStringConvertible {
        /// The sentence that the check proves.
        public let name: String
        let body: @Sendable (ConformanceSubject) async throws -> Void

        init(_ name: String, _ body: @escaping @Sendable (ConformanceSubject) async throws -> Void) {
            self.name = name
            self.body = body
        }

        public var description: String { name }

        /// Runs the check on a storage of its own, and closes it.
        /// - Parameters:
        ///   - options: what to take into account.
        ///   - makeStorage: makes an empty storage.
        /// - Throws: ``ConformanceFailure`` where the promise is not kept, and what the storage throws unasked.
        public func run(
            _ options: ConformanceOptions = ConformanceOptions(), on makeStorage: () async throws -> any Storage
        ) async throws {
            try await run(options, onNodes: { [try await makeStorage()] })
        }

        /// Runs the check on several views of one place, as several nodes have them, and closes them.
        /// - Parameters:
        ///   - options: what to take into account.
        ///   - makeNodes: opens an empty place once or more often.
        /// - Throws: ``ConformanceFailure`` where the promise is not kept, and what the storage throws unasked.
        public func run(
            _ options: ConformanceOptions = ConformanceOptions(), onNodes makeNodes: () async throws -> [any Storage]
        ) async throws {
            let nodes = try await makeNodes()
            let outcome: Result<Void, any Error>
            do { outcome = .success(try await body(ConformanceSubject(nodes: nodes, options: options))) } catch {
                outcome = .failure(error)
            }
            for node in nodes { await node.close() }
            do { try outcome.get() } catch let failure as ConformanceFailure {
                throw failure.named(name)
            }
        }
    }

    /// All checks.
    public static let checks: [Check] =
        reading + streaming + writing + failedWriting + staging + moving + copying + removing
        + records + recordRaces + listing + listingPages + uploads + kinds
}

/// What a run takes into account of the storage that it is held on.
public struct ConformanceOptions: Sendable {
    /// Ages that differ by less than this may look equal.
    public var ageResolution: Duration
    /// How many names make a large folder.
    public var manyNames: Int
    /// Whether content that was staged shows up among the uploads in flight while it is small.
    public var showsStagedContent: Bool
    /// How long to wait for what happens "soon", before it counts as never.
    public var timeout: Duration

    /// Options; the defaults suit a storage in memory or on a local disk.
    public init(
        ageResolution: Duration = .milliseconds(50), manyNames: Int = 2_500, showsStagedContent: Bool = true,
        timeout: Duration = .seconds(60)
    ) {
        self.ageResolution = ageResolution
        self.manyNames = manyNames
        self.showsStagedContent = showsStagedContent
        self.timeout = timeout
    }
}

/// A promise that was not kept.
public struct ConformanceFailure: Error, CustomStringConvertible {
    /// The check that found it.
    public private(set) var check: String
    /// What the protocol promises.
    public let expected: String
    /// What was found instead.
    public let found: String

    init(expected: String, found: String) {
        check = ""
        self.expected = expected
        self.found = found
    }

    func named(_ name: String) -> ConformanceFailure {
        var copy = self
        copy.check = name
        return copy
    }

    public var description: String { "\(check): expected \(expected), found \(found)" }
}
