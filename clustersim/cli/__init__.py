"""The command line. Each command is a module with a click object named ``command``, imported when it is used."""
