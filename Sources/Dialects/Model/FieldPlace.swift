/// Where a value of a request stands; the path is put together only when it is needed.
indirect enum FieldPlace {
    /// A member of an object; nil stands for the top.
    case key(String, of: FieldPlace?)
    /// An element of an array.
    case index(Int, of: FieldPlace)

    /// The path with dots between its keys.
    ///
    /// - Parameter writeIndex: how the dialect writes an index, such as `[2]` or `.2`.
    func path(_ writeIndex: (Int) -> String) -> String {
        switch self {
        case .key(let key, nil): key
        case .key(let key, let parent?): "\(parent.path(writeIndex)).\(key)"
        case .index(let index, let parent): parent.path(writeIndex) + writeIndex(index)
        }
    }
}
