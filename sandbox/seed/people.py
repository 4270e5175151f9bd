"""Buyers with Korean names, and addresses that reach nobody.

Mail domains are reserved names and telephone numbers lie in 010-1xxx, a block that is not
handed out, so that nothing sent from a demo can reach a real person.
"""

from random import Random
from typing import NamedTuple

_SURNAMES = (
    "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구민진지엄채원"
    "천방공현함변염여추도소석선설마길연위표명기반왕금옥육인맹제모탁국어은편용"
)
# The first names of the list are held by most people.
_SURNAME_LEAN = 3.0

_GIVEN = tuple(
    tuple(pair.split("/"))
    for pair in [
        "민준/minjun",
        "서준/seojun",
        "도윤/doyun",
        "예준/yejun",
        "시우/siwoo",
        "하준/hajun",
        "지호/jiho",
        "주원/juwon",
        "지후/jihu",
        "준우/junwoo",
        "준서/junseo",
        "건우/gunwoo",
        "현우/hyunwoo",
        "우진/woojin",
        "선우/sunwoo",
        "연우/yeonwoo",
        "유준/yujun",
        "정우/jungwoo",
        "승우/seungwoo",
        "승현/seunghyun",
        "시윤/siyun",
        "준혁/junhyuk",
        "은우/eunwoo",
        "지환/jihwan",
        "승민/seungmin",
        "지우/jiwoo",
        "유찬/yuchan",
        "윤우/yunwoo",
        "민재/minjae",
        "현준/hyunjun",
        "시후/sihu",
        "이준/ijun",
        "수현/suhyun",
        "태오/taeo",
        "동현/donghyun",
        "재윤/jaeyun",
        "한결/hangyeol",
        "민성/minsung",
        "성민/sungmin",
        "재민/jaemin",
        "서연/seoyeon",
        "서윤/seoyun",
        "지유/jiyu",
        "서현/seohyun",
        "민서/minseo",
        "하은/haeun",
        "하윤/hayun",
        "윤서/yunseo",
        "지민/jimin",
        "채원/chaewon",
        "수아/sua",
        "지아/jia",
        "지윤/jiyun",
        "다은/daeun",
        "은서/eunseo",
        "예은/yeeun",
        "수빈/subin",
        "소율/soyul",
        "예린/yerin",
        "지안/jian",
        "소윤/soyun",
        "하린/harin",
        "예원/yewon",
        "유나/yuna",
        "시은/sieun",
        "채은/chaeeun",
        "유진/yujin",
        "윤아/yuna",
        "가은/gaeun",
        "서영/seoyoung",
        "민지/minji",
        "예진/yejin",
        "수민/sumin",
        "소연/soyeon",
        "연서/yeonseo",
        "아린/arin",
        "다인/dain",
        "나은/naeun",
        "시아/sia",
        "하람/haram",
        "가람/garam",
        "다온/daon",
        "은서/eunseo",
        "서아/seoa",
        "라온/raon",
        "유건/yugun",
        "수진/sujin",
        "은주/eunju",
        "미영/miyoung",
        "정희/junghee",
        "영수/youngsu",
        "성호/sungho",
        "경민/kyungmin",
        "혜진/hyejin",
        "상훈/sanghoon",
        "미경/mikyung",
        "진우/jinwoo",
        "태윤/taeyun",
        "보라/bora",
        "슬기/seulgi",
        "아름/areum",
        "한별/hanbyul",
        "새봄/saebom",
        "도현/dohyun",
        "재현/jaehyun",
        "세훈/sehun",
        "나연/nayeon",
    ]
)

_PLACES = (
    ("서울특별시 강남구 테헤란로", "061"), ("서울특별시 마포구 월드컵로", "040"),
    ("서울특별시 송파구 올림픽로", "055"), ("서울특별시 성동구 왕십리로", "047"),
    ("서울특별시 은평구 통일로", "033"), ("서울특별시 관악구 남부순환로", "088"),
    ("경기도 성남시 분당구 판교로", "134"), ("경기도 수원시 영통구 광교로", "164"),
    ("경기도 고양시 일산동구 중앙로", "103"), ("경기도 용인시 수지구 포은대로", "168"),
    ("경기도 화성시 동탄대로", "184"), ("인천광역시 연수구 송도과학로", "219"),
    ("부산광역시 해운대구 센텀중앙로", "480"), ("부산광역시 부산진구 중앙대로", "472"),
    ("대구광역시 수성구 동대구로", "421"), ("대전광역시 유성구 대학로", "341"),
    ("광주광역시 서구 상무대로", "619"), ("울산광역시 남구 삼산로", "446"),
    ("세종특별자치시 한누리대로", "301"), ("강원특별자치도 춘천시 중앙로", "242"),
    ("충청북도 청주시 상당구 상당로", "285"), ("전북특별자치도 전주시 완산구 홍산로", "549"),
    ("경상남도 창원시 성산구 원이대로", "514"), ("제주특별자치도 제주시 연북로", "631"),
)  # fmt: skip
_MAIL = ("naver", "gmail", "hanmail", "kakao", "daum", "nate")
_MAIL_LEAN = 2.0


class Buyer(NamedTuple):
    """Somebody who buys; the fields of buyer_* in the gateway's order."""

    name: str
    email: str
    tel: str
    addr: str
    postcode: str


def make_buyers(rng: Random, count: int, *, first: int = 0) -> list[Buyer]:
    """Distinct people; some share a name, as people do, but none a telephone number.

    Two groups are kept apart by `first`, the serial number the group starts with.
    """
    return [_make_buyer(rng, serial) for serial in range(first, first + count)]


def _make_buyer(rng: Random, serial: int) -> Buyer:
    draw = rng.random
    surname = _SURNAMES[int(len(_SURNAMES) * draw() ** _SURNAME_LEAN)]
    given, roman = _GIVEN[int(len(_GIVEN) * draw())]
    place, prefix = _PLACES[int(len(_PLACES) * draw() ** 1.4)]
    mail = _MAIL[int(len(_MAIL) * draw() ** _MAIL_LEAN)]
    number = serial * 7_919 % 10_000_000
    return Buyer(
        name=surname + given,
        email=f"{roman}{int(draw() * 9_000) + 1_000}@{mail}.example",
        tel=f"010-1{number // 10_000:03d}-{number % 10_000:04d}",
        addr=f"{place} {int(draw() * 280) + 1}, {int(draw() * 24) + 1}0{int(draw() * 8) + 1}호",
        postcode=f"{prefix}{int(draw() * 90) + 10}",
    )
