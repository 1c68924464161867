"""Empty databases of one test each, on every server popflix runs on."""

from tests.sync.links.adoption.conftest import latin1_maria, maria, postgresql

__all__ = ["latin1_maria", "maria", "postgresql"]
