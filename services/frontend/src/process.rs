//! This process as the kernel sees it, for `Status` and `/metrics`.

/// What the kernel knows of this process.
#[derive(Default)]
pub(crate) struct Process {
    /// Bytes of memory.
    pub(crate) resident: u64,
    /// Time of processors, in milliseconds.
    pub(crate) cpu_millis: u64,
}

impl Process {
    /// As it is now.
    pub(crate) fn read() -> Self {
        let page = 4096;
        // The kernel counts both in its own ticks, 100 a second on every Linux that we run on.
        let tick_millis = 10;
        let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let pages: u64 = statm.split(' ').nth(1).and_then(|n| n.parse().ok()).unwrap_or(0);
        // The second field is a name in brackets, which may hold spaces.
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let field =
            |n: usize| after_name.split_whitespace().nth(n).and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
        Self { resident: pages * page, cpu_millis: (field(11) + field(12)) * tick_millis }
    }
}
