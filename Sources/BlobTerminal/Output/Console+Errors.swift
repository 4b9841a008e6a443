internal import BlobStore

extension Console {
    /// Reports a failure: a sentence on standard error, and with JSON an `error` line on standard output.
    public func report(_ error: any Error) {
        if let error = error as? StoreError {
            report(code: error.code.rawValue, error.description)
        } else {
            report(code: StoreError.Code.failed.rawValue, String(describing: error))
        }
    }

    /// Reports a failure by its code and sentence.
    public func report(code: String, _ message: String) {
        if format == .json {
            emit(JSONLine("error", ["code": .string(code), "message": .string(message)]), text: nil)
        }
        say("error: " + message.printable, from: .quiet, tone: .error)
    }

    /// Says something that a person should know though the command goes on.
    public func warn(_ message: String) {
        say("warning: " + message.printable, tone: .warning)
    }
}
