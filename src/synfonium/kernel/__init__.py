"""What every app gets: doors, actors, settings, commands, events, pages, logs, audit."""
