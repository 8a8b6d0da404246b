"""Lines of the report: a figure, both servers, the ratio, the target."""


class Report:
    def __init__(self):
        self.missed = 0
        self.errors = 0

    def heading(self, text):
        print(f"\n{text}", flush=True)

    def note(self, text):
        print(f"  {text}", flush=True)

    def line(self, label, dassie, postgres, ratio, verdict):
        print(f"  {label:<34} {dassie:>14} {postgres:>14} {ratio:>9}  {verdict}", flush=True)

    def columns(self):
        self.line("", "dassie", "PostgreSQL", "ratio", "target")

    def verdict(self, reached, text):
        if not reached:
            self.missed += 1
        return f"{text} {'reached' if reached else 'MISSED'}"

    def faster(self, label, dassie, postgres, unit, least=None, higher_is_better=True):
        """A comparison as a speed-up: how many times better dassie is."""
        better = dassie / postgres if higher_is_better else postgres / dassie
        verdict = "" if least is None else self.verdict(better >= least, f">= {least:g}x")
        self.line(label, f"{dassie:,.5g} {unit}", f"{postgres:,.5g} {unit}", f"{better:.2f}x", verdict)

    def share(self, label, dassie, postgres, unit, most=None):
        """A cost as a share of PostgreSQL's."""
        share = dassie / postgres
        verdict = "" if most is None else self.verdict(share <= most, f"<= 1/{1 / most:g}")
        self.line(label, f"{dassie:,.4g} {unit}", f"{postgres:,.4g} {unit}", f"1/{1 / share:.2f}", verdict)

    def limit(self, label, value, unit, most, postgres=None):
        """A figure with an absolute limit; PostgreSQL's is shown where it means something."""
        other = "" if postgres is None else f"{postgres:,.4g} {unit}"
        self.line(label, f"{value:,.4g} {unit}", other, "", self.verdict(value <= most, f"<= {most:g} {unit}"))
