internal import BlobHTTP

/// Whether a bucket keeps versions.
/// - Source: GetBucketVersioning.
package struct VersioningAnswer: XMLAnswer, Equatable {
    package static let root = "VersioningConfiguration"
    package private(set) var isEnabled = false
    /// Whether it did once.
    package private(set) var isSuspended = false

    package init() {}

    package mutating func end(_ name: String, in parent: String, _ text: String) {
        guard parent == Self.root, name == "Status" else { return }
        (isEnabled, isSuspended) = (text == "Enabled", text == "Suspended")
    }
}

/// Whether a bucket locks objects.
/// - Source: GetObjectLockConfiguration.
package struct ObjectLockAnswer: XMLAnswer, Equatable {
    package static let root = "ObjectLockConfiguration"
    package private(set) var isEnabled = false
    /// How long each new object is locked, e.g. `COMPLIANCE, 30 days`; nil where that is left to who writes it.
    package private(set) var retention: String?
    private var mode = ""

    package init() {}

    package mutating func end(_ name: String, in parent: String, _ text: String) {
        switch (parent, name) {
        case (Self.root, "ObjectLockEnabled"): isEnabled = text == "Enabled"
        case ("DefaultRetention", "Mode"): mode = String(text.prefix(20))
        case ("DefaultRetention", "Days"), ("DefaultRetention", "Years"):
            retention = "\(mode), \(text.prefix(10)) \(name.lowercased())"
        default: break
        }
    }
}

/// The rules by which a bucket removes objects, or moves them to another storage class, by itself.
/// - Source: GetBucketLifecycleConfiguration.
package struct LifecycleAnswer: XMLAnswer, Equatable {
    package static let root = "LifecycleConfiguration"

    package struct Rule: Sendable, Equatable {
        package var id = ""
        /// Of the names that it is for; empty for all.
        package var prefix = ""
        package var isEnabled = false
        /// Whether it removes objects themselves, and not just former versions and uploads.
        package var expires = false
        /// Whether it moves objects to another storage class.
        package var moves = false
    }

    package private(set) var rules: [Rule] = []
    private var rule = Rule()

    package init() {}

    package mutating func begin(_ name: String, in parent: String) {
        if parent == Self.root { rule = Rule() }
        if parent == "Rule", name == "Transition" { rule.moves = true }
    }

    package mutating func end(_ name: String, in parent: String, _ text: String) {
        switch (parent, name) {
        case ("Rule", "ID"): rule.id = String(text.prefix(100))
        case ("Rule", "Prefix"), ("Filter", "Prefix"), ("And", "Prefix"): rule.prefix = text
        case ("Rule", "Status"): rule.isEnabled = text == "Enabled"
        case ("Expiration", "Days"), ("Expiration", "Date"): rule.expires = true
        case (Self.root, "Rule"): rules.append(rule)
        default: break
        }
    }

    /// Those that change what stands below a prefix.
    package func threatening(_ prefix: String) -> [Rule] {
        rules.filter { rule in
            rule.isEnabled && (rule.expires || rule.moves)
                && (prefix.utf8.starts(with: rule.prefix.utf8) || rule.prefix.utf8.starts(with: prefix.utf8))
        }
    }
}
