//! The `crease` command.

fn main() -> std::process::ExitCode {
    crease_cli::main()
}
