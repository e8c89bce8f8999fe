"""One POST to the platform, and what its answer means for the sender."""

import enum
import http.client
import ipaddress
import json
import socket
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, Optional

from ._surroundings import Surroundings


class Outcome(enum.Enum):
    ACCEPTED = "accepted"
    REFUSED = "refused"
    """Sending the same again would be refused again."""
    FULL = "full"
    """The job has all the metrics that it may have."""
    AWAY = "away"
    """Nobody knows whether it arrived: send the same again."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """urllib would carry the token to wherever it is sent."""

    def redirect_request(self, *arguments: Any, **more: Any) -> Optional[urllib.request.Request]:
        return None


def post(surroundings: Surroundings, what: str, body: Any, timeout_seconds: float) -> Outcome:
    url = f"{surroundings.server}/api/v1/jobs/{urllib.parse.quote(surroundings.job, safe='')}/{what}"
    request = urllib.request.Request(
        url,
        data=json.dumps(body, allow_nan=False).encode("utf-8"),
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {surroundings.token}"},
        method="POST",
    )
    try:
        with _opener(surroundings.server).open(request, timeout=timeout_seconds) as answer:
            answer.read()
            return Outcome.ACCEPTED
    except urllib.error.HTTPError as error:
        with error:
            if error.code in (408, 425, 429) or error.code >= 500:
                return Outcome.AWAY
            return Outcome.FULL if error.code == 409 else Outcome.REFUSED
    except (OSError, http.client.HTTPException, socket.timeout):
        return Outcome.AWAY


def _opener(server: str) -> urllib.request.OpenerDirector:
    handlers = [_NoRedirect()]
    if _is_loopback(urllib.parse.urlsplit(server).hostname or ""):
        # A proxy would look for the address on its own machine.
        handlers.append(urllib.request.ProxyHandler({}))
    return urllib.request.build_opener(*handlers)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
