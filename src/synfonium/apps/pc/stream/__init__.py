"""The PC's screen: the WebSocket door, and the streamer that runs beside the machine."""
