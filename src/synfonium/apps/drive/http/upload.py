"""x"""
from synfonium.kernel.asgi import ASGIApp
def asgi_app(context) -> ASGIApp:
    async def app(scope, receive, send): ...
    return app
