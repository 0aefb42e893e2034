//! The `crease` command.

fn main() -> std::process::ExitCode {
    crease_models::cli::main()
}
