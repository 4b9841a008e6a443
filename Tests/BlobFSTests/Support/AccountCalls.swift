import BlobSystem
import Glibc

/// Another account's view of the filesystem, for a process that is root: the calling thread takes on the account's
/// identity for the time of each call.
/// - Source: setfsuid(2), setfsgid(2), which act on one thread.
enum Account {
    private typealias Setter = @convention(c) (UInt32) -> Int32

    static func calls(user: UInt32, group: UInt32) -> InterceptedCalls {
        let (setUser, setGroup) = (setter("setfsuid"), setter("setfsgid"))
        var calls = InterceptedCalls()
        calls.user = user
        calls.before = { (_) throws(Errno) in
            // The group first: who is not root any more may not change it.
            _ = setGroup?(group)
            _ = setUser?(user)
        }
        calls.always = {
            _ = setUser?(0)
            _ = setGroup?(0)
        }
        return calls
    }

    /// Looked up by name: the Glibc module leaves these functions out.
    private static func setter(_ name: String) -> Setter? {
        dlsym(dlopen(nil, RTLD_NOW), name).map { unsafeBitCast($0, to: Setter.self) }
    }
}
