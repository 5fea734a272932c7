//! Measures the memory of a command: the resident size that the operating system measured for the process, not the
//! address space.

use std::process::Command;

use crate::workspace::CommandOutput;

/// Runs a command, and returns its peak memory in KB.
pub(crate) fn measured(command: &Command) -> (CommandOutput, u64) {
    let script = "import resource, subprocess, sys\n\
                  code = subprocess.call(sys.argv[1:])\n\
                  print('peak', resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)\n\
                  sys.exit(code)";
    let mut measuring = Command::new("python3");
    measuring
        .args(["-c", script])
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => measuring.env(name, value),
            None => measuring.env_remove(name),
        };
    }
    if let Some(directory) = command.get_current_dir() {
        measuring.current_dir(directory);
    }
    let ended = CommandOutput::of(measuring.output().expect("the command starts"));
    let peak = ended
        .stderr
        .rsplit_once("peak ")
        .and_then(|(_, kb)| kb.trim().parse().ok());
    let peak = peak.unwrap_or_else(|| panic!("{}", ended.stderr));
    (ended, peak)
}
