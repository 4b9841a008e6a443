/// A promise that a place was measured to keep, or not to keep.
public struct Guarantee: Sendable, Equatable {
    /// In a few words apart by hyphens, e.g. `exclusive-create`.
    public let name: String
    /// Nil where it could not be measured.
    public let holds: Bool?
    /// Whether nodes may share the place only where it holds.
    public let isNeeded: Bool
    /// One sentence without a final dot: what was measured, or what is missing.
    public let detail: String

    public init(_ name: String, holds: Bool?, isNeeded: Bool = true, _ detail: String) {
        self.name = name
        self.holds = holds
        self.isNeeded = isNeeded
        self.detail = detail
    }
}

/// What a backend finds out about its place that no other could ask.
public struct Examination: Sendable, Equatable {
    public var guarantees: [Guarantee] = []
    /// What kind of place it is, e.g. `ext4, mounted at /srv with rw,relatime`.
    public var place: String?
    /// What a person should change: one sentence each.
    public var advice: [String] = []

    public init() {}
}

/// A storage that can look beneath the protocol, for a probe of its place.
public protocol ExaminedStorage: Storage {
    /// Measures what only this kind of storage has, with things of its own that it removes again.
    /// - Throws: what stands in the way of measuring; what the place lacks is told in the examination.
    func examine() async throws(StoreError) -> Examination

    /// Removes the emptied place itself, as far as nothing stands in it. The storage is not used after it.
    /// - Throws: `failed` when something is left.
    func dismantle() async throws(StoreError)
}

/// A storage whose listings may turn out not to be what the protocol asks for, and that can be cleared all the same.
public protocol SweptStorage: Storage {
    /// Removes everything that stands here, under whatever name: for a place that a probe has to itself.
    func sweep() async throws(StoreError)
}
