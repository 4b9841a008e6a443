/// A setting's value, and who said it.
public struct Setting<Value: Sendable>: Sendable {
    /// What was set.
    public let value: Value
    /// Where it was set.
    public let source: SettingSource

    /// A value and where it was set.
    public init(_ value: Value, from source: SettingSource) {
        self.value = value
        self.source = source
    }
}

/// Where a setting came from.
public enum SettingSource: Sendable, Equatable, CustomStringConvertible {
    /// A command-line option, with its name.
    case flag(String)
    /// An environment variable, with its name.
    case environment(String)
    /// A key of a config file, with the file's path.
    case configFile(String, key: String)
    /// The feed's record in the catalog.
    case catalog

    public var description: String {
        switch self {
        case .flag(let name): "flag \(name)"
        case .environment(let name): "environment \(name)"
        case .configFile(let path, let key): "config file \(path), key \(key)"
        case .catalog: "catalog"
        }
    }
}
