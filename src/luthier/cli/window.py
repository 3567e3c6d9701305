"""`python -m luthier.cli.window`: one window at the address that its input names, until it is closed."""

import sys

import webview  # optional: `luthier desktop` looks whether it is there


def main() -> int:
    webview.create_window("Luthier", sys.stdin.readline().strip(), width=1280, height=860, min_size=(360, 480))
    try:
        webview.start(private_mode=False)
    except webview.WebViewException as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
