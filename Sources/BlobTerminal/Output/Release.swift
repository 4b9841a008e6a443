/// The release that this is.
public enum Release {
    /// What `--version` says, nodes tell each other, and packages are named by. `scripts/release` reads it from here.
    public static let version = "1.0.0"
}
