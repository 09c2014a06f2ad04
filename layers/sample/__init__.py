"""The sample city: Taixing (泰兴市) of 2020, real names and codes around made-up borders, cameras and cases."""

from layers.sample.city import SampleCity, build_city
from layers.sample.load import load_sample

__all__ = ["SampleCity", "build_city", "load_sample"]
