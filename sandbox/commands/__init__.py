"""The commands of ``dev.py``, one module each: ``dev.py NAME`` runs ``sandbox/commands/NAME.py`` in the project's environment.

To add a command, add its module: the first line of its docstring is its line in the help, and it ends with
``if __name__ == "__main__": sys.exit(main(sys.argv[1:]))``, where ``main`` parses its arguments with an
``argparse.ArgumentParser(prog="dev.py NAME")`` and returns the exit code.
"""
