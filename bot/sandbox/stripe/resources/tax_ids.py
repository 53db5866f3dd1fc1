"""How tax ids look, by their type (docs: "Customer tax IDs", the examples of the supported types)."""

from __future__ import annotations

import re

from bot.sandbox.stripe.errors import invalid

_FORMATS = {
    "au_abn": r"\d{11}",
    "br_cnpj": r"\d{2}\.\d{3}\.\d{3}/\d{4}-\d{2}",
    "ca_bn": r"\d{9}",
    "ca_gst_hst": r"\d{9}RT\d{4}",
    "ch_vat": r"CHE-\d{3}\.\d{3}\.\d{3} (MWST|TVA|IVA)",
    "cn_tin": r"[0-9A-Z]{18}",
    "gb_vat": r"GB(\d{9}|\d{12}|GD\d{3}|HA\d{3})",
    "in_gst": r"\d{2}[0-9A-Z]{13}",
    "is_vat": r"\d{5,6}",
    "jp_cn": r"\d{13}",
    "kr_brn": r"\d{3}-\d{2}-\d{5}",
    "li_uid": r"CHE\d{9}",
    "li_vat": r"\d{5}",
    "mx_rfc": r"[A-Z&Ñ]{3,4}\d{6}[0-9A-Z]{3}",
    "no_vat": r"\d{9}MVA",
    "nz_gst": r"\d{9}",
    "sg_uen": r"\d{8,9}[A-Z]|[RST]\d{2}[A-Z]{2}\d{4}[A-Z]",
    "tr_tin": r"\d{10}",
    "us_ein": r"\d{2}-\d{7}",
    "za_vat": r"4\d{9}",
}
_EU_VAT = {
    "AT": r"U\d{8}",
    "BE": r"\d{10}",
    "BG": r"\d{9,10}",
    "CY": r"\d{8}[A-Z]",
    "CZ": r"\d{8,10}",
    "DE": r"\d{9}",
    "DK": r"\d{8}",
    "EE": r"\d{9}",
    "EL": r"\d{9}",
    "ES": r"[0-9A-Z]\d{7}[0-9A-Z]",
    "FI": r"\d{8}",
    "FR": r"[0-9A-Z]{2}\d{9}",
    "HR": r"\d{11}",
    "HU": r"\d{8}",
    "IE": r"\d[0-9A-Z+*]\d{5}[A-Z]{1,2}",
    "IT": r"\d{11}",
    "LT": r"\d{9}|\d{12}",
    "LU": r"\d{8}",
    "LV": r"\d{11}",
    "MT": r"\d{8}",
    "NL": r"[0-9A-Z+*]{10}\d{2}",
    "PL": r"\d{10}",
    "PT": r"\d{9}",
    "RO": r"\d{2,10}",
    "SE": r"\d{12}",
    "SI": r"\d{8}",
    "SK": r"\d{10}",
    "XI": r"\d{9}|\d{12}",
}


def check_tax_id(kind: str, value: str) -> None:
    """Refuse what does not look like one of its type; types that are not listed take anything."""
    if kind == "eu_vat":
        fits = re.fullmatch(_EU_VAT.get(value[:2], "(?!)"), value[2:], re.ASCII)
    else:
        fits = re.fullmatch(_FORMATS.get(kind, r".+"), value, re.ASCII)
    if not fits:
        raise invalid(f"Invalid value for {kind}.", "value", "tax_id_invalid")
