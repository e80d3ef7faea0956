"""The line of Terraform behind a step."""

from __future__ import annotations

from pathlib import Path

from bonkei.miniature.requests.places import Places
from bonkei.services.edge.explain import Place

_MAIN = """module "front" {
  source = "./front"
}
"""
_FRONT = """
resource "aws_cloudfront_distribution" "this" {
  default_cache_behavior {
    target_origin_id = "alb"
  }

  ordered_cache_behavior {
    path_pattern = "/static/*"
  }

  ordered_cache_behavior {
    path_pattern = "/api/*"
  }
}
"""


def test_a_place_is_the_line_with_its_text_then_its_argument_then_its_block(tmp_path: Path) -> None:
    root = tmp_path / "definitions"
    (root / "front").mkdir(parents=True)
    (root / "main.tf").write_text(_MAIN)
    (root / "front" / "main.tf").write_text(_FRONT)
    places, address = Places(root, tmp_path), "module.front.aws_cloudfront_distribution.this"

    def line(attribute: str = "", text: str = "", at: str = address) -> str:
        return places.line(Place(at, attribute, text))

    file = "definitions/front/main.tf"
    assert line("ordered_cache_behavior", "/api/*") == f"{file}:12"
    assert line("ordered_cache_behavior", "/static/*") == f"{file}:8"
    assert line("ordered_cache_behavior", "/of-a-variable/*") == f"{file}:7"
    assert line("default_cache_behavior") == f"{file}:3"
    assert line("aliases") == line() == f"{file}:2"
    assert line(at="aws_lb.nowhere") == line(at="") == ""
